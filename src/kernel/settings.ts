import { findPatch } from '../projections/index.ts'
import { type Act, EAGAIN, EBUSY, EINVAL, ENOENT } from './act.ts'
import { kstrtobool } from './sysfs-store.ts'

/** A write to a parameter of a loaded module. */
export function setParam(act: Act, module: string, param: string, value: string): number {
  if (!act.state.modules.has(module)) return -ENOENT
  act.tell('setting.changed', { name: `${module}.${param}`, value })
  return 0
}

/** ftrace_enable_sysctl(): cannot be switched off while a PERMANENT ops, such as livepatch's, is registered. */
export function setSysctl(act: Act, name: string, value: string): number {
  if (name === 'kernel.ftrace_enabled' && value === '0' && act.state.stacks.size > 0) return -EBUSY
  act.tell('setting.changed', { name, value })
  return 0
}

/** The RFC's replaceable_store(): only the patch in transition is guarded, which is one of its hazards. */
export function replaceableStore(act: Act, name: string, value: string): number {
  const patch = findPatch(act.state, name)
  if (patch === undefined || act.world.rules.name !== 'hybrid') return -ENOENT
  const wanted = kstrtobool(value)
  if (wanted === null) return -EINVAL
  if (patch.replaceable === wanted) return 0
  if (act.state.transition?.patch === name) return -EAGAIN
  act.tell('patch.marked', { patch: name, replaceable: wanted, actor: null })
  return 0
}
