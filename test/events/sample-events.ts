import { catalogue } from '../../src/events/catalogue.ts'
import type { EventData, NewEvent, StoredEvent } from '../../src/events/index.ts'

/** A plain event: pid `pid` switched, `number` ms after boot; the number makes the id. */
export function switched(number: number, pid = number): NewEvent & { readonly type: 'task.switched' } {
  const data: EventData<'task.switched'> = {
    patch: 'lp_a',
    goal: 'patched',
    pid,
    comm: 'kworker/0:1',
    how: 'checked'
  }
  return {
    type: 'task.switched',
    data,
    id: idOf(number),
    uptimeNs: BigInt(number) * 1_000_000n,
    wallNs: null,
    evidence: { source: 'trace.txt', line: number, raw: `raw ${number}` }
  }
}

/** `count` plain events from `first` on. */
export function switches(first: number, count: number): NewEvent[] {
  return Array.from({ length: count }, (_, index) => switched(first + index))
}

/** 32 hex digits. */
function idOf(number: number): string {
  return number.toString(16).padStart(32, '0')
}

/** All events of a read. */
export async function collect<T>(pages: AsyncIterable<readonly T[]> | Iterable<readonly T[]>): Promise<T[]> {
  const all: T[] = []
  for await (const page of pages) all.push(...page)
  return all
}

/** What was appended, as the log gives it back. */
export function stored(event: NewEvent, stream: string, position: number, revision: number): StoredEvent {
  return { ...event, stream, position, revision, version: catalogue[event.type].version }
}
