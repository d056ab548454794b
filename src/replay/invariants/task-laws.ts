import { isPending, pendingTasks, versionFor } from '../../kernel/index.ts'
import { type KernelState, ORIGINAL, taskKey } from '../../projections/index.ts'
import { type Complaint, defineInvariant, everywhere } from './invariant.ts'
import { type ThreadStates, tellThreads, threadEvents } from './thread-states.ts'

/** T2: klp_complete_transition() warns about who is still pending. */
export const restIsUndefined = defineInvariant<{ found: Complaint | null }>({
  id: 'T2',
  says: 'A transition completes when no thread is pending, and outside of one none has a patch state.',
  holds: everywhere,
  applies: everywhere,
  reads: ['transition.completed'],
  brokenBy: ['fork-copies-flag-early'],
  start: () => ({ found: null }),
  before: (memory, state, { type }) => {
    memory.found = null
    const { transition } = state
    // An enable that fails goes back to where every task is still.
    if (type !== 'transition.completed' || transition?.started !== true) return
    const [task] = pendingTasks(state)
    if (task === undefined) return
    const subject = `task ${taskKey(task.pid, task.comm)}`
    memory.found = {
      subject,
      text: `${transition.patch} completes while ${task.comm} (${task.pid}) is pending`
    }
  },
  after: (memory) => memory.found
})

/** T3: what the facts say of each thread and what the transition says of it are the same. */
export const pendingIsBehind = defineInvariant<ThreadStates & { stale: boolean; found: Complaint[] }>({
  id: 'T3',
  says: 'A thread is pending exactly while its patch state is not the target of the transition.',
  holds: everywhere,
  applies: everywhere,
  reads: threadEvents,
  brokenBy: ['reverse-keeps-flags'],
  start: () => ({ target: -1, threads: new Map(), stale: false, found: [] }),
  after: (memory, _state, event) => {
    tellThreads(memory, event)
    memory.stale = true
    return null
  },
  rest: (memory, state) => {
    if (memory.stale) memory.found = strayThreads(memory, state)
    memory.stale = false
    return memory.found
  }
})

function strayThreads({ threads }: ThreadStates, state: KernelState): Complaint[] {
  const target = state.transition?.goal === 'patched' ? 1 : 0
  const found: Complaint[] = []
  const wrong = (key: number, text: string) =>
    found.push({ subject: `task ${key}`, text: `task ${key} ${text}` })
  for (const [key, { patchState, pending }] of threads) {
    if (pending !== isPending(state, key)) wrong(key, pending ? 'is pending' : 'is not pending')
    else if (pending && patchState !== 1 - target) wrong(key, 'is pending at the target')
    else if (state.transition !== null && !pending && patchState !== target) wrong(key, 'is left behind')
  }
  return found
}

/** T4: klp_check_stack() and the places where a task may switch itself. */
export const switchedOffStack = defineInvariant<{ found: Complaint | null }>({
  id: 'T4',
  says: 'Who switches without force has none of the versions on its stack that the transition checks.',
  holds: everywhere,
  applies: everywhere,
  reads: ['task.switched'],
  brokenBy: ['immediate', 'idle-tasks-unchecked', 'last-patch-checked'],
  start: () => ({ found: null }),
  before: (memory, state, event) => {
    memory.found = null
    if (event.type !== 'task.switched') return
    const { pid, comm } = event.data
    const frames = state.tasks.get(taskKey(pid, comm))?.frames ?? []
    const frame = frames.find((one) => checkedVersion(state, one.function) === one.version)
    if (frame === undefined) return
    const text = `${comm} (${pid}) switched while in ${frame.version}'s ${frame.function}`
    memory.found = { subject: `task ${taskKey(pid, comm)}`, text }
  },
  after: (memory) => memory.found
})

/** B.7: towards unpatched the patch's own version, towards patched that of the entry below it. */
export function checkedVersion({ stacks, transition }: KernelState, key: string): string | null {
  const stack = stacks.get(key) ?? []
  const place = stack.findIndex(({ patch }) => patch === transition?.patch)
  if (place < 0) return null
  const entry = transition?.goal === 'patched' ? stack[place + 1] : stack[place]
  return entry === undefined || entry.nop ? ORIGINAL : entry.patch
}

/** T11: klp_copy_process(). */
export const forkInherits = defineInvariant<null>({
  id: 'T11',
  says: 'A forked thread has the patch state, the pending flag and the view of its parent.',
  holds: everywhere,
  applies: everywhere,
  reads: ['task.started'],
  brokenBy: ['fork-starts-unpatched'],
  start: () => null,
  after: (_memory, state, event) => {
    if (event.type !== 'task.started' || event.data.parent === null) return null
    const { parent: parentKey, pid, comm } = event.data
    const child = state.tasks.get(taskKey(pid, comm))
    const parent = state.tasks.get(parentKey)
    if (child === undefined || parent === undefined) return null
    const subject = `task ${taskKey(pid, comm)}`
    if (isPending(state, parentKey) !== isPending(state, taskKey(pid, comm)))
      return { subject, text: `${comm} (${pid}) is not pending as its parent ${parentKey} is` }
    const key = [...state.stacks.keys()].find(
      (one) => versionFor(state, parent, one) !== versionFor(state, child, one)
    )
    return key === undefined
      ? null
      : { subject, text: `${comm} (${pid}) runs another ${key} than its parent` }
  }
})
