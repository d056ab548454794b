import type { EventData, Goal, NewEvent, Policy } from '../../src/events/index.ts'
import { emptyState, fold, functionViews, type KernelState } from '../../src/projections/index.ts'
import { temporaryLog } from '../support/recordings.ts'

type EventType = NewEvent['type']

/** A fact of a hand-made history: ms after boot, type, data. */
export type HandMade = { [T in EventType]: readonly [ms: number, type: T, data: EventData<T>] }[EventType]

export const STREAM = 'hand/made'

/** A log with one stream of these facts, the n-th at position n. */
export async function handMade(facts: readonly HandMade[]) {
  const log = await temporaryLog()
  await log.append(STREAM, 'no-stream', eventsOf(facts))
  return log
}

/** The facts as events, the n-th with the id n. */
export function eventsOf(facts: readonly HandMade[]): NewEvent[] {
  return facts.map(([ms, type, data], n) => ({
    type,
    data,
    id: (n + 1).toString(16).padStart(32, '0'),
    uptimeNs: BigInt(ms) * 1_000_000n,
    wallNs: null,
    evidence: { source: 'by hand', line: n + 1, raw: `${ms} ${type}` }
  })) as NewEvent[]
}

/** The state behind the facts. */
export function folded(...facts: readonly HandMade[]): KernelState {
  const events = eventsOf(facts).map((event, n) => ({ ...event, position: n + 1 }))
  return fold(emptyState(), events)
}

/** What calls of a vmlinux function run: of tasks that are at the goal, and of the others. */
export function versions(state: KernelState, name: string): [switched: string, unswitched: string] {
  const view = functionViews(state).find((one) => one.function === `vmlinux:${name},1`)
  return [view?.switched.version ?? 'original', view?.unswitched.version ?? 'original']
}

/** The machine and the rules that it follows. */
export function booted(policy: Policy, kprobeTracer = false): HandMade {
  const data = { release: null, policy, policyFrom: 'given', hasStackOrder: null, kprobeTracer }
  return [0, 'host.booted', data]
}

/** A patch of vmlinux functions comes to the list. */
export function enabled(
  ms: number,
  patch: string,
  functions: readonly string[],
  more: Partial<EventData<'patch.enabled'>> = {}
): HandMade {
  const klpFuncs = functions.map((name) => ({ name, sympos: 1, newName: `${patch}_${name}`, nop: false }))
  const data = {
    patch,
    replace: false,
    replaceable: null,
    replaceSet: null,
    objects: [{ name: 'vmlinux', functions: klpFuncs }],
    nopsListed: false,
    states: [],
    actor: null,
    ...more
  }
  return [ms, 'patch.enabled', data]
}

/** What follows an enable that nothing holds up: patched, started, completed, a ms apart. */
export function patched(ms: number, patch: string): HandMade[] {
  return [
    [ms, 'object.patched', { patch, object: 'vmlinux' }],
    [ms + 1, 'transition.started', { patch, goal: 'patched' }],
    [ms + 2, 'transition.completed', { patch, goal: 'patched' }]
  ]
}

/** An enable up to its start: its functions are on top of their stacks, and no task has switched. */
export function begun(ms: number, patch: string): HandMade[] {
  return patched(ms, patch).slice(0, 2)
}

/** A disable up to its start. */
export function disabling(ms: number, patch: string): HandMade[] {
  return [
    [ms, 'patch.disabled', { patch, actor: null }],
    [ms + 1, 'transition.started', { patch, goal: 'unpatched' }]
  ]
}

/** A task reaches the goal. */
export function switched(ms: number, patch: string, goal: Goal, pid: number): HandMade {
  return [ms, 'task.switched', { patch, goal, pid, comm: `task-${pid}`, how: 'checked' }]
}

/** The transition ends. */
export function completed(ms: number, patch: string, goal: Goal): HandMade {
  return [ms, 'transition.completed', { patch, goal }]
}

/** A program is attached to a function, of a module or (null) of vmlinux. */
export function attached(
  ms: number,
  module: string | null,
  name: string,
  more: Partial<EventData<'hook.attached'>> = {}
): HandMade {
  const place = { module, function: name, address: `0x${module ?? 'vmlinux'}${name}` }
  const program = { program: 'prog', programId: null, linkId: null, kind: 'kprobe' as const }
  const override = { overrides: false, overrideValue: null, filter: null, actor: null }
  return [ms, 'hook.attached', { ...program, ...place, ...override, ...more }]
}
