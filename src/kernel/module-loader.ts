import type { KernelState } from '../projections/index.ts'
import { type Act, EAGAIN, EBUSY, EEXIST, ENOENT } from './act.ts'
import { enablePatch } from './enable.ts'
import { hasPostHandler, isLivepatched } from './func-stack.ts'
import { moduleComing, moduleGoing } from './module-notifier.ts'
import type { ModuleSpec } from './module-spec.ts'

/** finit_module(): 0, or the negative errno that insmod shows. */
export function insmod(act: Act, name: string, params: Readonly<Record<string, string>>): number {
  const spec = act.world.modules.get(name)
  if (spec === undefined) return -ENOENT
  if (act.state.modules.has(name)) return -EEXIST
  for (const [param, value] of Object.entries({ ...spec.params, ...params })) {
    if (act.state.settings.get(`${name}.${param}`) === value) continue
    act.tell('setting.changed', { name: `${name}.${param}`, value })
  }
  act.tell('module.loaded', { module: name, livepatch: spec.livepatch, actor: null })
  act.comingModule = name
  const refused = moduleComing(act, name)
  if (refused !== 0) {
    act.tell('module.unloaded', { module: name, reason: 'refused' })
    return refused
  }
  const error = moduleInit(act, spec)
  act.comingModule = null
  if (error !== 0) unload(act, name, 'refused')
  return error
}

/** delete_module() without force: refused while something holds the module. */
export function rmmod(act: Act, name: string): number {
  if (!act.state.modules.has(name)) return -ENOENT
  if (moduleRefs(act.state, name) > 0) return -EAGAIN
  const spec = act.world.modules.get(name)
  for (const line of spec?.exitPrints ?? []) act.print('info', line)
  unload(act, name, 'removed')
  return 0
}

/** What keeps a module from going: its own patch, a forced transition, links that pin it. */
export function moduleRefs(state: KernelState, name: string): number {
  const patched = state.patches.some((patch) => patch.name === name) ? 1 : 0
  const pinned = state.modules.get(name)?.pinned === true ? 1 : 0
  const links = state.hooks.filter((hook) => hook.module === name && hook.kind !== 'kprobe').length
  return patched + pinned + links
}

/** do_init_module(): the module's own init. */
function moduleInit(act: Act, spec: ModuleSpec): number {
  for (const line of spec.initPrints) act.print('info', line)
  if (spec.kprobe !== null) {
    const clashes =
      hasPostHandler(act, spec.name) && isLivepatched(act.state, 'vmlinux', spec.kprobe.function)
    if (clashes && !act.world.traits.unarmedKprobeSucceeds) return -EBUSY
  }
  if (spec.patch === null) return 0
  const error = enablePatch(act, spec, spec.patch)
  return error === -EEXIST && act.world.traits.initEexistIsEbusy ? -EBUSY : error
}

/** The GOING notifiers in their order, and free_module(). */
function unload(act: Act, name: string, reason: 'removed' | 'refused'): void {
  for (const hook of [...act.state.hooks]) {
    if (hook.module !== name || hook.kind !== 'kprobe' || hook.goneNs !== null || hook.address === null)
      continue
    const symbol = hook.function === null ? null : `${name}:${hook.function}`
    act.tell('hook.killed', { address: hook.address, symbol })
  }
  act.tell('module.going', { module: name, actor: null })
  moduleGoing(act, name)
  act.tell('module.unloaded', { module: name, reason })
}
