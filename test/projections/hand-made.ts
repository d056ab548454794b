import type { EventData, NewEvent } from '../../src/events/index.ts'
import { temporaryLog } from '../support/recordings.ts'

type EventType = NewEvent['type']

/** A fact of a hand-made history: ms after boot, type, data. */
export type HandMade = { [T in EventType]: readonly [ms: number, type: T, data: EventData<T>] }[EventType]

export const STREAM = 'hand/made'

/** A log with one stream of these facts, the n-th at position n. */
export async function handMade(facts: readonly HandMade[]) {
  const log = await temporaryLog()
  const events = facts.map(([ms, type, data], n) => ({
    type,
    data,
    id: (n + 1).toString(16).padStart(32, '0'),
    uptimeNs: BigInt(ms) * 1_000_000n,
    wallNs: null,
    evidence: { source: 'by hand', line: n + 1, raw: `${ms} ${type}` }
  })) as NewEvent[]
  await log.append(STREAM, 'no-stream', events)
  return log
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
