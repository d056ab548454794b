import { isDamaged } from '../projections/index.ts'
import { type Act, EAGAIN, EBUSY, EEXIST, EINVAL, ENOENT } from './act.ts'
import { hasBug } from './bugs.ts'
import { forgetDamage } from './damage.ts'
import { enablePatch } from './enable.ts'
import { registerModuleKprobe, unregisterModuleKprobe } from './ipmodify.ts'
import { moduleComing, moduleGoing } from './module-notifier.ts'
import { parseArgs } from './module-params.ts'
import type { ModuleSpec } from './module-spec.ts'

/**
 * load_module(), as finit_module() has it: 0, or the negative errno that insmod shows. Patches on the module take hold
 * before its parameters are read and before its init; without them the module does not come.
 */
export function insmod(act: Act, name: string, params: Readonly<Record<string, string>>): number {
  const spec = act.world.modules.get(name)
  if (spec === undefined) return -ENOENT
  if (act.state.modules.has(name)) return -EEXIST
  act.tell('module.loaded', { module: name, livepatch: spec.livepatch, actor: null })
  act.comingModule = name
  const isLate = hasBug(act.world, 'notifier-after-init')
  const refused = isLate ? 0 : moduleComing(act, name)
  if (refused !== 0) {
    act.tell('module.unloaded', { module: name, reason: 'refused' })
    return refused
  }
  const bad = parseArgs(act, spec, params)
  if (bad !== null) act.print('err', `${name}: \`${bad.value}' invalid for parameter \`${bad.param}'`)
  const ran = bad === null ? moduleInit(act, spec) : -EINVAL
  const error = isLate && ran === 0 ? moduleComing(act, name) : ran
  act.comingModule = null
  if (error !== 0) unload(act, name, 'refused')
  return error
}

/** delete_module() without force: refused while something holds the module. */
export function rmmod(act: Act, name: string): number {
  if (!act.state.modules.has(name)) return -ENOENT
  if (moduleRefs(act, name) > 0) return -EAGAIN
  const spec = act.world.modules.get(name)
  for (const line of spec?.exitPrints ?? []) act.print('info', line)
  unregisterModuleKprobe(act, name)
  unload(act, name, 'removed')
  return 0
}

/** What keeps a module from going: its own patch until the free work, a forced transition, links that pin it. */
export function moduleRefs({ state, world }: Pick<Act, 'state' | 'world'>, name: string): number {
  const isHeld = state.patches.some((patch) => patch.name === name)
  const patched = isHeld && !hasBug(world, 'enable-takes-no-reference') ? 1 : 0
  const pinned = state.modules.get(name)?.pinned === true ? 1 : 0
  // A kprobe does not pin the module that it is in; the links of the other kinds do.
  const links = state.hooks.filter((hook) => hook.module === name && hook.kind !== 'kprobe').length
  const leaked = isDamaged(state, 'module-reference', name) ? 1 : 0
  return patched + pinned + leaked + (hasBug(world, 'links-pin-nothing') ? 0 : links)
}

/** do_init_module(): the module's own init. */
function moduleInit(act: Act, spec: ModuleSpec): number {
  for (const line of spec.initPrints) act.print('info', line)
  const error = registerModuleKprobe(act, spec)
  if (error !== 0 || spec.patch === null) return error
  const refused = enablePatch(act, spec, spec.patch)
  return refused === -EEXIST && act.world.traits.initEexistIsEbusy ? -EBUSY : refused
}

/** The GOING notifiers in their order, kprobes' before livepatch's, and free_module(). */
function unload(act: Act, name: string, reason: 'removed' | 'refused'): void {
  for (const hook of [...act.state.hooks]) {
    if (hook.module !== name || hook.kind !== 'kprobe' || hook.goneNs !== null || hook.address === null)
      continue
    const symbol = hook.function === null ? null : `${name}:${hook.function}`
    act.tell('hook.killed', { address: hook.address, symbol })
  }
  act.tell('module.going', { module: name, actor: null })
  // klp_module_going() waits for klp_mutex: the module never comes to its end.
  if (isDamaged(act.state, 'mutex', 'klp_mutex')) return
  moduleGoing(act, name)
  act.tell('module.unloaded', { module: name, reason })
  forgetDamage(act, name)
}
