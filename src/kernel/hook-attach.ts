import { type Act, EADDRNOTAVAIL, EINVAL, ENOENT, ESRCH } from './act.ts'
import type { Operation } from './operation.ts'

type Attach = Extract<Operation, { op: 'attach' }>

/** Attaching a BPF program to a function: each kind with its own checks. Returns 0 or a negative errno. */
export function attachHook(act: Act, attach: Attach): number {
  const place = placeOf(act, attach)
  if (typeof place === 'number') return refused(act, attach, splitSymbol(attach.symbol), place)
  const error = attach.overrides ? overrideError(act, attach, place) : 0
  if (error !== 0) return refused(act, attach, place, error)
  if (attach.kind === 'fmod_ret' && !isModifiable(act, place)) return refused(act, attach, place, -EINVAL)
  const overrideValue = attach.overrideValue ?? null
  act.tell('hook.attached', {
    program: attach.program,
    programId: null,
    linkId: null,
    kind: attach.kind,
    module: place.module,
    function: place.function,
    address: attach.address ?? null,
    overrides: attach.overrides,
    overrideValue,
    filter: attach.filter ?? null,
    actor: null
  })
  return 0
}

/** perf_event_free_bpf_prog(), bpf_link_free(): a probe that is [GONE] detaches as well. */
export function detachHook(act: Act, program: string): number {
  const hook = act.state.hooks.find((one) => one.program === program)
  if (hook === undefined) return -ENOENT
  const { programId, linkId } = hook
  act.tell('hook.detached', { program, programId, linkId, actor: null })
  return 0
}

interface Place {
  readonly module: string | null
  readonly function: string
}

/** Where the symbol is: exactly one place, or the errno that the kind gives for none or several. */
function placeOf(act: Act, { symbol, kind }: Attach): Place | number {
  const notFound = kind === 'kprobe_multi' ? -ESRCH : -ENOENT
  const wanted = splitSymbol(symbol)
  if (wanted.module !== null) {
    return act.state.modules.has(wanted.module) && hasFunction(act, wanted.module, wanted.function)
      ? wanted
      : notFound
  }
  const inModules = [...act.state.modules.keys()].filter((module) =>
    namesFunction(act, module, wanted.function)
  )
  const inVmlinux = (act.world.symbolCounts.get(wanted.function) ?? (inModules.length > 0 ? 0 : 1)) > 0
  const places = [...(inVmlinux ? [null] : []), ...inModules]
  if (places.length === 0) return notFound
  return places.length === 1 ? { module: places[0] ?? null, function: wanted.function } : -EADDRNOTAVAIL
}

function splitSymbol(symbol: string): Place {
  const colon = symbol.indexOf(':')
  if (colon < 0) return { module: null, function: symbol }
  return { module: symbol.slice(0, colon), function: symbol.slice(colon + 1) }
}

/** A function that the module's spec names: its own, or a replacement of its patch. */
function namesFunction(act: Act, module: string, name: string): boolean {
  const spec = act.world.modules.get(module)
  if (spec === undefined) return false
  const replacements = spec.patch?.objects.flatMap((object) => object.functions.map((func) => func.new)) ?? []
  return spec.functions.includes(name) || replacements.includes(name)
}

/** As `namesFunction`; a module of which nothing is known is taken to have it. */
function hasFunction(act: Act, module: string, name: string): boolean {
  return act.world.modules.get(module) === undefined || namesFunction(act, module, name)
}

/**
 * bpf_override_return() wants its function on the error-injection list. The RFC's 2/4 lets a kprobe through
 * on any function of a livepatch module as well, kprobe_multi it forgot.
 */
function overrideError(act: Act, { kind }: Attach, place: Place): number {
  if (kind === 'fentry' || kind === 'fexit') return -EINVAL
  const onLivepatch = place.module !== null && act.state.modules.get(place.module)?.livepatch === true
  if (kind === 'kprobe' && act.world.rules.name === 'hybrid' && onLivepatch) return 0
  return isErrorInjectable(act, place) ? 0 : -EINVAL
}

function isErrorInjectable(act: Act, { module, function: name }: Place): boolean {
  if (module === null) return act.world.isErrorInjectable(name)
  return act.world.modules.get(module)?.errorInjectable.includes(name) ?? false
}

/** check_attach_modify_return(): the error-injection list, or a security hook. */
function isModifiable(act: Act, place: Place): boolean {
  return place.function.startsWith('security_') || isErrorInjectable(act, place)
}

function refused(act: Act, attach: Attach, place: Place, error: number): number {
  const { program, kind } = attach
  act.tell('hook.rejected', {
    program,
    kind,
    module: place.module,
    function: place.function,
    errno: -error,
    actor: null
  })
  return error
}
