import { isPending, pendingTasks, versionFor } from '../../kernel/index.ts'
import {
  damagedSubjects,
  isDamaged,
  type KernelState,
  ORIGINAL,
  type TaskState,
  taskKey
} from '../../projections/index.ts'
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
    const [task] = [...pendingTasks(state), ...flaggedTasks(state)]
    if (task === undefined) return
    const subject = `task ${taskKey(task.pid, task.comm)}`
    memory.found = {
      subject,
      text: `${transition.patch} completes while ${task.comm} (${task.pid}) is pending`
    }
  },
  after: (memory) => memory.found
})

/** Tasks whose TIF_PATCH_PENDING stands although they are at the goal: only a bug leaves it so. */
function flaggedTasks(state: KernelState): TaskState[] {
  return damagedSubjects(state, 'pending-flag').flatMap((key) => state.tasks.get(Number(key)) ?? [])
}

/** T3: what the facts say of each thread and what the transition says of it are the same. */
export const pendingIsBehind = defineInvariant<ThreadStates & { stale: boolean; found: Complaint[] }>({
  id: 'T3',
  says: 'A thread is pending exactly while its patch state is not the target of the transition.',
  holds: everywhere,
  applies: everywhere,
  reads: [...threadEvents, 'damage.done', 'damage.undone'],
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
    else if (isDamaged(state, 'pending-flag', String(key))) wrong(key, 'has the pending flag at the target')
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
export const forkInherits = defineInvariant<{ isOrphan: boolean }>({
  id: 'T11',
  says: 'A forked thread has the patch state, the pending flag and the view of its parent.',
  holds: everywhere,
  applies: everywhere,
  reads: ['task.started'],
  brokenBy: ['fork-starts-unpatched'],
  start: () => ({ isOrphan: false }),
  after: (memory, state, event) => {
    if (event.type !== 'task.started') return null
    const { parent, pid, comm } = event.data
    memory.isOrphan = parent === null
    return parent === null ? null : differsFromParent(state, parent, taskKey(pid, comm))
  },
  rest: (memory, state, { operation }) => {
    const { isOrphan } = memory
    memory.isOrphan = false
    // It was asked to fork, and the thread that came has not been told to be anybody's child.
    if (!isOrphan || operation?.op !== 'start-task' || operation.parent === undefined) return []
    const { parent, pid, comm } = operation
    const wrong = differsFromParent(state, parent, taskKey(pid, comm))
    return wrong === null ? [] : [wrong]
  }
})

function differsFromParent(state: KernelState, parentKey: number, key: number): Complaint | null {
  const [parent, child] = [state.tasks.get(parentKey), state.tasks.get(key)]
  if (parent === undefined || child === undefined) return null
  const who = `${child.comm} (${child.pid})`
  const subject = `task ${key}`
  if (isPending(state, parentKey) !== isPending(state, key))
    return {
      subject,
      text: `${who} is ${isPending(state, key) ? '' : 'not '}pending, unlike its parent ${parentKey}`
    }
  const odd = [...state.stacks.keys()].find(
    (one) => versionFor(state, parent, one) !== versionFor(state, child, one)
  )
  return odd === undefined ? null : { subject, text: `${who} runs another ${odd} than its parent` }
}
