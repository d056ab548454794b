import type { Actor, ReadModelSource, StoredEvent } from '../events/index.ts'
import { unsureOf } from './doubt.ts'
import { isNamed } from './runs.ts'
import { readSpans } from './span-reader.ts'
import type { KernelState } from './state.ts'

/** An entry of a function's stack, and the event that put it there. */
export interface Blame {
  /** `object:name,sympos`. */
  readonly function: string
  /** 1 is the top, the entry that decides what calls run. */
  readonly place: number
  readonly patch: string
  /** The entry is a nop: calls that it serves run the original function. */
  readonly nop: boolean
  readonly newName: string | null
  /** The event behind which the entry was there: its position, its time, its type. */
  readonly position: number
  readonly uptimeNs: bigint
  readonly type: string
  /** Where the patch came to the list, and who brought it; null where no evidence tells. */
  readonly enabledPosition: number
  readonly actor: Actor | null
  readonly unsure: string | null
}

/** Who put what on the stacks of the functions of this name, as they are in the state; the top first. */
export async function blameOf(
  log: ReadModelSource,
  stream: string,
  state: KernelState,
  functionName: string
): Promise<Blame[]> {
  const keys = [...state.stacks.keys()].filter((key) => isNamed(key, functionName)).sort()
  const rows: Blame[] = []
  for (const key of keys) rows.push(...(await blameKey(log, stream, state, key)))
  return rows
}

async function blameKey(
  log: ReadModelSource,
  stream: string,
  state: KernelState,
  key: string
): Promise<Blame[]> {
  const spans = (await readSpans(log, stream, 'function', { subject: key }))
    .filter((span) => span.fromPosition <= state.position)
    .reverse()
  const rows: Blame[] = []
  for (const [n, { patch, nop, newName }] of (state.stacks.get(key) ?? []).entries()) {
    const owner = state.patches.find(({ name }) => name === patch)
    let since: { fromPosition: number; fromNs: bigint } | undefined
    for (const span of spans) {
      if (since !== undefined && span.toPosition !== since.fromPosition) break
      if (!span.value.stack.some((entry) => entry.patch === patch && entry.nop === nop)) break
      // An older life of a patch of this name, whose end nothing showed, is not this entry's.
      if (owner !== undefined && span.fromPosition < owner.sincePosition) break
      since = span
    }
    const enabledPosition = owner?.sincePosition ?? since?.fromPosition ?? state.position
    const position = since?.fromPosition ?? enabledPosition
    const enabled = await eventAt(log, stream, enabledPosition)
    rows.push({
      function: key,
      place: n + 1,
      patch,
      nop,
      newName,
      position,
      uptimeNs: since?.fromNs ?? owner?.sinceNs ?? state.uptimeNs,
      type: (await eventAt(log, stream, position))?.type ?? 'unknown',
      enabledPosition,
      actor: enabled?.type === 'patch.enabled' ? enabled.data.actor : null,
      unsure: unsureOf(state, 'patches')
    })
  }
  return rows
}

async function eventAt(
  log: ReadModelSource,
  stream: string,
  position: number
): Promise<StoredEvent | undefined> {
  for await (const [event] of log.read({ stream, after: position - 1, upTo: position })) return event
  return undefined
}
