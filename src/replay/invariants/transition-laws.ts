import { pendingTasks } from '../../kernel/index.ts'
import { findPatch } from '../../projections/index.ts'
import { defineInvariant, everywhere } from './invariant.ts'
import { checkedVersion } from './task-laws.ts'

const EBUSY = 16

/** T1. A recorded history in which a second one begins lacks the end of the first: there it says nothing. */
export const oneTransition = defineInvariant<{ second: string | null }>({
  id: 'T1',
  says: 'While a patch is in transition no other begins one: a load fails, a disable with EBUSY.',
  holds: everywhere,
  applies: everywhere,
  reads: ['patch.enabled', 'patch.disabled', 'patch.rejected'],
  brokenBy: ['transitions-overlap'],
  start: () => ({ second: null }),
  before: (memory, state, event) => {
    if (event.type !== 'patch.enabled' && event.type !== 'patch.disabled') return
    const { patch } = event.data
    if (state.transition !== null && state.transition.patch !== patch) {
      memory.second = `${patch} begins a transition while ${state.transition.patch} is in one`
    }
  },
  after: (_memory, state, event) => {
    if (event.type !== 'patch.rejected' || event.data.operation !== 'write-enabled') return null
    const { patch: name, errno, value } = event.data
    const { transition } = state
    if (transition === null || transition.patch === name || errno === null) return null
    const isDisable = findPatch(state, name)?.enabled === true && /^[0nN]/.test(value ?? '')
    if (!isDisable || errno === EBUSY) return null
    return {
      subject: name,
      text: `disabling ${name} while ${transition.patch} is in transition gave ${errno}`
    }
  },
  rest: (memory, state, ended) => {
    const text = ended.operation === null ? null : memory.second
    memory.second = null
    return text === null ? [] : [{ subject: state.transition?.patch ?? '', text }]
  }
})

/** Tries before the first round of fake signals (SIGNALS_TIMEOUT), and the one that sends them. */
const triesBeforeSignals = 16

/** T9, try by try: who is in nobody's way cannot hold a transition up. Needs to know tasks, as a model does. */
export const liveness = defineInvariant<null>({
  id: 'T9',
  says: 'A try that finds every task off the functions concerned completes the transition; the 16th failed one signals.',
  holds: everywhere,
  applies: everywhere,
  reads: [],
  brokenBy: ['mutex-left-locked', 'a kernel without reliable stacks'],
  start: () => null,
  rest: (_memory, state, { operation }) => {
    const { transition } = state
    if (transition === null || operation?.op !== 'try') return []
    const { patch: subject, tries, signaledNs } = transition
    if (tries > triesBeforeSignals && signaledNs === null) {
      return [{ subject, text: `${tries} tries have failed and nobody was signaled` }]
    }
    const conditions = operation.conditions ?? new Map()
    if (conditions.size > 0) return []
    const pending = pendingTasks(state)
    const isHeld = pending.some(({ frames }) =>
      frames.some((frame) => checkedVersion(state, frame.function) === frame.version)
    )
    return isHeld
      ? []
      : [{ subject, text: `nobody is in the way of ${subject}, and it is still in transition` }]
  }
})

/** T10: klp_patch's `enabled` goes from false to true once in its life. */
export const disabledIsFinal = defineInvariant<{ final: Set<string> }>({
  id: 'T10',
  says: 'A patch that has been unpatched is never enabled again.',
  holds: everywhere,
  applies: everywhere,
  reads: ['patch.enabled', 'patch.freed', 'transition.started', 'transition.completed'],
  brokenBy: ['disabled-comes-back'],
  start: () => ({ final: new Set() }),
  before: ({ final }, _state, event) => {
    if (event.type === 'patch.freed' || event.type === 'patch.enabled') final.delete(event.data.patch)
  },
  after: ({ final }, state, event) => {
    if (event.type === 'transition.completed' && event.data.goal === 'unpatched') final.add(event.data.patch)
    const revived = state.patches.find(({ name, enabled }) => enabled && final.has(name))
    if (revived === undefined) return null
    return { subject: revived.name, text: `${revived.name} had been unpatched and is enabled again` }
  }
})
