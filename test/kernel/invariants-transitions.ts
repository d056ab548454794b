import { isPending } from '../../src/kernel/try-task.ts'
import { ORIGINAL } from '../../src/projections/index.ts'
import {
  eachOperation,
  eachPair,
  eachRest,
  everywhere,
  type Invariant,
  isOfMovingModule,
  keysOf,
  list,
  patchOf,
  spans
} from './invariants-support.ts'
import { type Moment, runs, type Trail } from './trail.ts'

const EBUSY = 16

/** E.1: transitions and tasks. */
export const transitionInvariants: readonly Invariant[] = [
  {
    id: 'T1',
    says: 'While a patch is in transition no other begins one: a load fails, a disable with EBUSY.',
    holds: everywhere,
    broken: (trail) =>
      eachOperation(trail, (before, { operation, ret, state }) => {
        const { transition } = before.state
        if (transition === null || operation === null) return null
        if (state.transition !== null && state.transition.patch !== transition.patch) return 'another began'
        if (operation.op === 'insmod' && trail.world.modules.get(operation.module)?.patch)
          return ret === 0 ? 'it was enabled' : null
        if (operation.op !== 'write-enabled' || operation.patch === transition.patch) return null
        const isDisable =
          patchOf(before.state, operation.patch)?.enabled === true && operation.value.startsWith('0')
        return isDisable && ret !== -EBUSY ? `it came to ${ret}` : null
      })
  },
  {
    id: 'T2',
    says: 'At rest no thread has a patch state or a pending flag, and a transition begins from there.',
    holds: everywhere,
    broken: (trail) =>
      eachRest(trail, ({ state, threads }) => {
        if (state.transition !== null) return null
        const busy = [...threads].find(([, thread]) => thread.patchState !== -1 || thread.pending)
        return busy === undefined ? null : `thread ${busy[0]} has patch state ${busy[1].patchState}`
      })
  },
  {
    id: 'T3',
    says: 'A thread is pending exactly while its patch state is not the target of the transition.',
    holds: everywhere,
    broken: (trail) =>
      eachRest(trail, ({ state, threads }) => {
        const target = state.transition?.goal === 'patched' ? 1 : 0
        for (const [key, { patchState, pending }] of threads) {
          if (pending !== isPending(state, key)) return `thread ${key} is pending: ${pending}`
          if (pending && patchState !== 1 - target) return `thread ${key} is pending at the target`
          if (state.transition !== null && !pending && patchState !== target) return `thread ${key} is lost`
        }
        return null
      })
  },
  {
    id: 'T4',
    says: 'Who switches without force has none of the versions on its stack that the transition checks.',
    holds: everywhere,
    broken: (trail) =>
      eachPair(trail, (before, { fact }) => {
        if (fact?.type !== 'task.switched') return null
        const task = [...before.state.tasks.values()].find(
          ({ pid, comm }) => pid === fact.data.pid && comm === fact.data.comm
        )
        const frame = task?.frames.find((one) => checkedVersion(before, one.function) === one.version)
        return frame === undefined ? null : `${fact.data.comm} was in ${frame.version}'s ${frame.function}`
      })
  },
  {
    id: 'T5',
    says: 'What a thread runs changes at its own switch, and never because a transition starts or completes.',
    holds: ['mainline', 'replace-set'],
    broken: (trail) =>
      eachPair(trail, (before, after, at) => {
        // What is only said changes nothing.
        if (after.fact === null || after.state === before.state) return null
        if (after.fact.type === 'transition.forced') return null
        for (const key of trail.keys) {
          if (isOfMovingModule(trail.moments, at, at, key)) continue
          for (const thread of after.threads.keys()) {
            if (!before.threads.has(thread) || isSwitchOf(after, thread)) continue
            const [was, is] = [runs(before, thread, key), runs(after, thread, key)]
            if (was !== is) return `${after.fact.type}: thread ${thread} ran ${was} of ${key}, now ${is}`
          }
        }
        return null
      })
  },
  {
    id: 'T6',
    says: "A thread sees of a patch's functions either all as before it or all as it wants them.",
    holds: everywhere,
    broken: (trail) =>
      eachRest(trail, (moment) => {
        const patch = patchOf(moment.state, moment.state.transition?.patch ?? '')
        if (patch === undefined) return null
        const keys = keysOf(patch, { nops: true })
        for (const thread of moment.threads.keys()) {
          const seen = keys.map((key) => runs(moment, thread, key))
          const isOld = keys.every((key, n) => seen[n] === topVersion(moment, key, patch.name))
          const isNew = keys.every((key, n) => seen[n] === topVersion(moment, key, null))
          if (!isOld && !isNew) return `thread ${thread} sees ${seen.join()}`
        }
        return null
      })
  },
  {
    id: 'T7',
    says: 'When a transition completes that nobody forced, no thread is in a version that it takes away.',
    holds: everywhere,
    broken: (trail) => {
      for (const { to, from } of spans(trail)) {
        // A force gives consistency up, also for the versions that it leaves threads in.
        const isForced = trail.moments.slice(0, to).some(({ fact }) => fact?.type === 'transition.forced')
        const [before, after] = [trail.moments[from - 1], trail.moments[to]]
        if (isForced || before === undefined || after === undefined) continue
        const left = takenAway(trail, from, to)
        for (const { comm, frames } of after.state.tasks.values()) {
          const frame = frames.find((one) => left.has(`${one.version} ${one.function}`))
          if (frame !== undefined) return `${comm} is in ${frame.version}'s ${frame.function} (moment ${to})`
        }
      }
      return null
    }
  },
  {
    id: 'T8',
    says: 'A reversed enable leaves what threads run, and the list of patches, as they were before it.',
    holds: everywhere,
    broken: (trail) => {
      for (const { kind, goal, from, to, patch } of spans(trail)) {
        const [before, after] = [trail.moments[from - 1], trail.moments[to]]
        if (kind !== 'enable' || goal !== 'unpatched' || before === undefined || after === undefined) continue
        const [was, is] = [before, after].map(({ state }) =>
          list(state).map((one) => [one.name, one.enabled])
        )
        if (JSON.stringify(was) !== JSON.stringify(is)) return `${patch}: the list is ${JSON.stringify(is)}`
        for (const key of trail.keys) {
          if (isOfMovingModule(trail.moments, from, to, key)) continue
          for (const thread of after.threads.keys()) {
            if (before.threads.has(thread) && runs(before, thread, key) !== runs(after, thread, key))
              return `${patch}: thread ${thread} does not run the same ${key}`
          }
        }
      }
      return null
    }
  },
  {
    id: 'T10',
    says: 'A patch that has been unpatched is never enabled again.',
    holds: everywhere,
    broken: (trail) => {
      const final = new Set<string>()
      return eachPair(trail, (_before, { fact, state }) => {
        if (fact?.type === 'transition.completed' && fact.data.goal === 'unpatched')
          final.add(fact.data.patch)
        if (fact?.type === 'patch.freed') final.delete(fact.data.patch)
        const revived = state.patches.find(({ name, enabled }) => enabled && final.has(name))
        return revived === undefined ? null : `${revived.name} is enabled again`
      })
    }
  },
  {
    id: 'T11',
    says: 'A forked thread has the patch state, the pending flag and the view of its parent.',
    holds: everywhere,
    broken: (trail) =>
      eachPair(trail, (before, after) => {
        if (after.fact?.type !== 'task.started' || after.fact.data.parent === null) return null
        const { parent, pid } = after.fact.data
        if (isPending(before.state, parent) !== isPending(after.state, pid)) return `thread ${pid} differs`
        const key = trail.keys.find((one) => runs(before, parent, one) !== runs(after, pid, one))
        return key === undefined ? null : `thread ${pid} runs another ${key}`
      })
  }
]

function isSwitchOf({ fact, threads }: Moment, thread: number): boolean {
  if (fact?.type !== 'task.switched') return false
  return fact.data.pid === thread || (fact.data.pid === 0 && thread < 0 && threads.has(thread))
}

/** B.7: towards unpatched the patch's own version, towards patched that of the entry below it. */
function checkedVersion({ state: { stacks, transition } }: Moment, key: string): string | null {
  const stack = stacks.get(key) ?? []
  const place = stack.findIndex(({ patch }) => patch === transition?.patch)
  if (place < 0) return null
  const entry = transition?.goal === 'patched' ? stack[place + 1] : stack[place]
  return entry === undefined || entry.nop ? ORIGINAL : entry.patch
}

/** What the top of the stack runs, leaving one patch out. */
function topVersion({ state }: Moment, key: string, without: string | null): string {
  const top = (state.stacks.get(key) ?? []).find(({ patch }) => patch !== without)
  return top === undefined || top.nop ? ORIGINAL : top.patch
}

/** `version key` of the entries that were on stacks within the transition, and are not behind it. */
function takenAway(trail: Trail, from: number, to: number): Set<string> {
  const left = new Set<string>()
  for (const { state } of trail.moments.slice(from - 1, to + 1)) {
    for (const [key, stack] of state.stacks) {
      if (isOfMovingModule(trail.moments, from, to, key)) continue
      for (const entry of stack) if (!entry.nop) left.add(`${entry.patch} ${key}`)
    }
  }
  for (const [key, stack] of trail.moments[to]?.state.stacks ?? []) {
    for (const entry of stack) left.delete(`${entry.patch} ${key}`)
  }
  return left
}
