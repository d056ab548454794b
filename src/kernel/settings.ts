import { findPatch } from '../projections/index.ts'
import { type Act, EAGAIN, EBUSY, EINVAL, ENOENT } from './act.ts'
import { hasBug } from './bugs.ts'
import { kstrtobool, kstrtoint } from './kstrtobool.ts'
import { hasParam, isParamValue } from './module-params.ts'

/** param_attr_store(): a write to a parameter of a loaded module. */
export function setParam(act: Act, module: string, param: string, value: string): number {
  if (!act.state.modules.has(module)) return -ENOENT
  const spec = act.world.modules.get(module)
  if (spec !== undefined && !hasParam(spec, param)) return -ENOENT
  if (spec !== undefined && !isParamValue(spec, param, value)) return -EINVAL
  act.tell('setting.changed', { name: `${module}.${param}`, value })
  return 0
}

/** proc_dointvec(), and for kernel.ftrace_enabled what ftrace makes of it. */
export function setSysctl(act: Act, name: string, value: string): number {
  const number = kstrtoint(value)
  if (number === null) return -EINVAL
  if (name === 'kernel.ftrace_enabled') return ftraceEnableSysctl(act, number !== 0)
  act.tell('setting.changed', { name, value: value.trimEnd() })
  return 0
}

/** ftrace_enable_sysctl(): cannot be switched off while a PERMANENT ops, such as livepatch's, is registered. */
function ftraceEnableSysctl(act: Act, isEnabled: boolean): number {
  if (!isEnabled && act.state.stacks.size > 0 && !hasBug(act.world, 'ftrace-off-allowed')) return -EBUSY
  act.tell('setting.changed', { name: 'kernel.ftrace_enabled', value: isEnabled ? '1' : '0' })
  return 0
}

/** The RFC's replaceable_store(): only the patch in transition is guarded, which is one of its hazards. */
export function replaceableStore(act: Act, name: string, value: string): number {
  const patch = findPatch(act.state, name)
  if (patch === undefined || act.world.rules.flag !== 'replaceable') return -ENOENT
  const wanted = kstrtobool(value)
  if (wanted === null) return -EINVAL
  if (patch.replaceable === wanted) return 0
  if (act.state.transition?.patch === name) return -EAGAIN
  act.tell('patch.marked', { patch: name, replaceable: wanted, actor: null })
  return 0
}
