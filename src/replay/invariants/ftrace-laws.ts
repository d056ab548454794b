import { damagedSubjects, functionKey } from '../../projections/index.ts'
import { defineInvariant, everywhere } from './invariant.ts'

const EAGAIN = 11
const EBUSY = 16

/** K1: kprobe_ipmodify_ops and livepatch's ops. Of kprobes that are no hooks only a model tells. */
export const oneIpmodify = defineInvariant<{ armed: Map<string, string> }>({
  id: 'K1',
  says: 'A function has one user of IPMODIFY: livepatch, or an armed kprobe with a post_handler.',
  holds: everywhere,
  applies: everywhere,
  reads: [],
  brokenBy: ['ipmodify-shared'],
  start: () => ({ armed: new Map() }),
  rest: ({ armed }, state, { operation, ret }, world) => {
    const module = operation !== null && 'module' in operation ? operation.module : ''
    const kprobe = world.modules.get(module)?.kprobe
    if (kprobe != null && ret === 0 && operation?.op === 'insmod') {
      const isArmed = state.settings.get(`kprobes/list:${module}`) !== 'unarmed'
      if (kprobe.postHandler === true && isArmed)
        armed.set(module, functionKey('vmlinux', kprobe.function, 1))
    }
    if (ret === 0 && operation?.op === 'rmmod') armed.delete(module)
    return [...armed]
      .filter(([, key]) => state.stacks.has(key))
      .map(([name, key]) => ({
        subject: key,
        text: `${name}'s kprobe and livepatch both modify the IP of ${key}`
      }))
  }
})

/** K2: FTRACE_OPS_FL_PERMANENT. */
export const ftraceIsOn = defineInvariant<null>({
  id: 'K2',
  says: 'While a function is livepatched ftrace is on and redirects its calls.',
  holds: everywhere,
  applies: everywhere,
  reads: [
    'setting.changed',
    'object.patched',
    'object.unpatched',
    'patch.unpatched',
    'transition.completed',
    'damage.done',
    'damage.undone'
  ],
  brokenBy: ['ftrace-off-allowed', 'fexit-bypasses-livepatch'],
  start: () => null,
  holding: (_memory, state) => {
    const lost = damagedSubjects(state, 'lost-redirection')
      .filter((key) => state.stacks.has(key))
      .map((key) => ({ subject: key, text: `${key} is livepatched, and its calls run the original` }))
    if (state.stacks.size === 0 || state.settings.get('kernel.ftrace_enabled') !== '0') return lost
    const text = `ftrace is off: ${state.stacks.size} livepatched functions run as they were`
    return [...lost, { subject: 'kernel.ftrace_enabled', text }]
  }
})

/** K3: what one user of ftrace on a function does to the next. */
export const attachesInAnyOrder = defineInvariant<null>({
  id: 'K3',
  says: 'What may be attached can be attached in any order, and a livepatch beside what is attached.',
  holds: everywhere,
  applies: everywhere,
  reads: ['patch.rejected', 'hook.rejected'],
  brokenBy: ['fexit-refused', 'trampoline-always-busy', 'a contended trampoline (busyTrampolines)'],
  start: () => null,
  after: (_memory, state, event) => {
    if (event.type === 'patch.rejected') {
      const { patch, operation, errno } = event.data
      if (operation !== 'enable' || errno !== EAGAIN) return null
      return {
        subject: patch,
        text: `${patch} was refused with EAGAIN: the BPF trampoline of a function was busy`
      }
    }
    if (event.type !== 'hook.rejected') return null
    const { program, kind, module, function: name, errno } = event.data
    const isTracing = kind === 'fentry' || kind === 'fexit'
    const key = functionKey(module ?? 'vmlinux', name ?? '', 1)
    if (!isTracing || (errno !== EAGAIN && errno !== EBUSY) || !state.stacks.has(key)) return null
    return {
      subject: program,
      text: `${program} (${kind}) was refused with ${errno} since ${key} is livepatched`
    }
  }
})

/** K4: register_kprobe() and unregister_kprobe(). */
export const armedWhereRegistered = defineInvariant<null>({
  id: 'K4',
  says: 'A kprobe whose registration succeeded is armed, and is disarmed where it was armed.',
  holds: everywhere,
  applies: everywhere,
  reads: [],
  brokenBy: ['unarmed-kprobe-succeeds', 'kprobe-disarmed-from-wrong-ops'],
  start: () => null,
  rest: (_memory, state, { operation, ret }) => {
    const left = damagedSubjects(state, 'ipmodify-ops').map((name) => ({
      subject: name,
      text: `the ops with IPMODIFY still have ${name}, whose kprobe is gone`
    }))
    if (operation?.op !== 'insmod' || ret !== 0) return left
    const { module } = operation
    if (state.settings.get(`kprobes/list:${module}`) !== 'unarmed') return left
    return [...left, { subject: module, text: `${module} registered its kprobe, which was not armed` }]
  }
})
