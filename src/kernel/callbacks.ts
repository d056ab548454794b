import type { Act } from './act.ts'
import type { CallbackName, ModuleSpec, ParamRef, PatchSpec } from './module-spec.ts'

/** The texts of a module's state, as the kernel's own test modules print it. */
const moduleStateTexts = {
  coming: '[MODULE_STATE_COMING] Full formed, running module_init',
  live: '[MODULE_STATE_LIVE] Normal state',
  going: '[MODULE_STATE_GOING] Going away'
} as const

/**
 * klp_pre_patch_callback() and its three siblings: calls it if the object has one. Returns what pre_patch
 * returned, 0 for the others.
 */
export function runCallback(act: Act, patch: string, object: string, callback: CallbackName): number {
  const spec = act.world.modules.get(patch)
  const owner = spec?.patch?.objects.find((one) => one.name === object)
  if (spec?.patch == null || owner === undefined || !owner.callbacks.includes(callback)) return 0
  const ret = callback === 'pre_patch' ? prePatchReturn(act, spec, spec.patch) : 0
  act.tell('callback.ran', { patch, callback, object, ret: callback === 'pre_patch' ? ret : null })
  for (const line of linesOf(act, spec.patch, callback)) {
    act.print('info', filled(act, line, spec, object, ret))
  }
  return ret
}

function prePatchReturn(act: Act, spec: ModuleSpec, patch: PatchSpec): number {
  return act.step('pre-patch') || Number(paramValue(act, spec, patch.prePatchReturns))
}

/** A value that a module takes from its parameter, or has in itself. */
export function paramValue<T extends string | number | boolean>(
  act: Pick<Act, 'state'>,
  spec: ModuleSpec,
  value: T | ParamRef
): T | string {
  if (typeof value !== 'object') return value
  return act.state.settings.get(`${spec.name}.${value.param}`) ?? spec.params[value.param] ?? ''
}

function linesOf(act: Act, patch: PatchSpec, callback: CallbackName): readonly string[] {
  const usual = patch.prints[callback] ?? []
  return hasPrevState(act, patch) ? (patch.printsWithPrevState[callback] ?? usual) : usual
}

/** klp_get_prev_state(): some older patch on the list has a state with one of these ids. */
function hasPrevState({ state }: Act, patch: PatchSpec): boolean {
  const at = state.patches.findIndex((one) => one.name === state.transition?.patch)
  return state.patches
    .slice(0, Math.max(0, at))
    .some((old) => !old.offList && old.states.some(({ id }) => patch.states.some((own) => own.id === id)))
}

function filled(
  { state, comingModule }: Act,
  line: string,
  spec: ModuleSpec,
  object: string,
  ret: number
): string {
  const target = state.modules.get(object)
  const targetState = object === comingModule ? 'coming' : (target?.state ?? 'live')
  return line
    .replaceAll('{mod}', spec.name)
    .replaceAll('{object}', object)
    .replaceAll('{ret}', String(ret))
    .replaceAll('{module_state}', target === undefined ? '' : ` -> ${moduleStateTexts[targetState]}`)
}
