import { damagedSubjects, functionKey } from '../projections/index.ts'
import { type Act, EAGAIN, EBUSY } from './act.ts'
import { hasBug } from './bugs.ts'
import { paramValue } from './callbacks.ts'
import { kstrtobool } from './kstrtobool.ts'
import type { ModuleSpec } from './module-spec.ts'

/** Where state remembers that debugfs kprobes/list shows a module's kprobe as never armed. */
const unarmedSetting = (module: string): string => `kprobes/list:${module}`

/**
 * register_ftrace_function() for livepatch's PERMANENT, IPMODIFY ops on a function: refused while ftrace is off, beside
 * another user of IPMODIFY, and when a BPF trampoline that shares the function is being changed just then.
 */
export function registerFtraceOps(act: Act, object: string, name: string): number {
  if (act.state.settings.get('kernel.ftrace_enabled') === '0') return -EBUSY
  if (object === 'vmlinux' && hasIpmodifyKprobe(act, name) && !hasBug(act.world, 'ipmodify-shared'))
    return -EBUSY
  const error = act.step('ftrace')
  if (error !== 0) return error
  return isTrampolineBusy(act, object, name) ? -EAGAIN : 0
}

/**
 * register_kprobe() of a module's init. With a post_handler it arms through kprobe_ipmodify_ops, which cannot share
 * a function with livepatch: 6.12 says so, 7.2 returns 0 and leaves the probe unarmed.
 */
export function registerModuleKprobe(act: Act, spec: ModuleSpec): number {
  if (spec.kprobe === null) return 0
  const clashes =
    hasPostHandler(act, spec) &&
    act.state.stacks.has(functionKey('vmlinux', spec.kprobe.function, 1)) &&
    !hasBug(act.world, 'ipmodify-shared')
  const succeeds = act.world.traits.unarmedKprobeSucceeds || hasBug(act.world, 'unarmed-kprobe-succeeds')
  if (clashes && !succeeds) return -EBUSY
  const name = unarmedSetting(spec.name)
  const value = clashes ? 'unarmed' : 'armed'
  if (act.state.settings.get(name) !== value && (clashes || act.state.settings.has(name)))
    act.tell('setting.changed', { name, value })
  return 0
}

/** unregister_kprobe() of a module that goes: disarm_kprobe_ftrace(), from the ops that it was armed in. */
export function unregisterModuleKprobe(act: Act, name: string): void {
  const spec = act.world.modules.get(name)
  if (spec?.kprobe == null || !hasPostHandler(act, spec)) return
  if (act.state.settings.get(unarmedSetting(name)) === 'unarmed') return
  if (hasBug(act.world, 'kprobe-disarmed-from-wrong-ops'))
    act.tell('damage.done', { kind: 'ipmodify-ops', subject: spec.kprobe.function })
}

/** Whether kprobe_ipmodify_ops has the function: a loaded module's kprobe with a post_handler is armed there. */
function hasIpmodifyKprobe(act: Pick<Act, 'state' | 'world'>, name: string): boolean {
  if (damagedSubjects(act.state, 'ipmodify-ops').includes(name)) return true
  for (const module of act.state.modules.keys()) {
    const spec = act.world.modules.get(module)
    if (spec?.kprobe?.function !== name || !hasPostHandler(act, spec)) continue
    if (act.state.settings.get(unarmedSetting(module)) !== 'unarmed') return true
  }
  return false
}

function hasPostHandler(act: Pick<Act, 'state' | 'world'>, spec: ModuleSpec): boolean {
  if (spec.kprobe === null) return false
  const value = paramValue(act, spec, spec.kprobe.postHandler)
  return typeof value === 'boolean' ? value : kstrtobool(value) === true
}

/** bpf_tramp_ftrace_ops_func(): with the trampoline's lock contended it gives up, and so does who registers. */
function isTrampolineBusy(act: Act, object: string, name: string): boolean {
  const isContended = act.busyTrampolines.includes(`${object}:${name}`)
  if (!isContended && !hasBug(act.world, 'trampoline-always-busy')) return false
  const module = object === 'vmlinux' ? null : object
  return act.state.hooks.some(
    (hook) =>
      (hook.kind === 'fentry' || hook.kind === 'fexit' || hook.kind === 'fmod_ret') &&
      hook.module === module &&
      hook.function === name
  )
}
