import { afterAll, describe, expect, test } from 'vitest'
import type { HistoryEvent, SqliteLog } from '../../src/events/index.ts'
import { Changes, emptyState, evolve, type KernelState, stackView } from '../../src/projections/index.ts'
import {
  ingestRecording,
  type Recording,
  recordings,
  type Snapshot,
  snapshotsOf
} from '../support/recordings.ts'

/**
 * The judge: at the time of every snapshot of a real kernel, what the events say must be what sysfs,
 * kprobes/list and /proc/modules showed. A snapshot is read over some time, so it may match any state in it.
 */

type Comparable = Record<string, unknown>

function expected(snapshot: Snapshot): Comparable {
  return {
    livepatch: snapshot.livepatch,
    kprobes: snapshot.kprobes
      .map((line) => `${line.split(/\s+/)[0]}${line.includes('[GONE]') ? ' GONE' : ''}`)
      .sort(),
    modules: snapshot.modules.map((line) => line.slice(0, line.indexOf(' '))).sort()
  }
}

/** The state as the same tree. Attributes that the kernel has not are absent, as in sysfs. */
function projected(stream: string, state: KernelState): Comparable {
  const livepatch: Record<string, string | null> = {}
  for (const patch of stackView(stream, state).patches) {
    const set = (file: string, value: boolean | number | null) => {
      if (value !== null) livepatch[`${patch.name}/${file}`] = String(Number(value))
    }
    livepatch[`${patch.name}/force`] = null
    set('enabled', patch.enabled)
    set('transition', patch.transition)
    set('replace', patch.replace)
    set('replaceable', patch.replaceable)
    set('stack_order', patch.stackOrder)
    for (const object of patch.objects) {
      set(`${object.name}/patched`, object.patched)
      for (const func of object.functions)
        livepatch[`${patch.name}/${object.name}/${func.name},${func.sympos}/`] = 'dir'
    }
  }
  return {
    livepatch,
    kprobes: state.hooks
      .filter((hook) => hook.kind === 'kprobe')
      .map((hook) => `${hook.address?.slice(2)}${hook.goneNs === null ? '' : ' GONE'}`)
      .sort(),
    modules: [...state.modules.keys()].sort()
  }
}

/** The states that held at some moment between two times. */
function statesBetween(
  stream: string,
  history: readonly HistoryEvent[],
  fromNs: number,
  toNs: number
): Comparable[] {
  const state = emptyState()
  const changes = new Changes()
  const states: Comparable[] = []
  for (const event of history) {
    if (event.uptimeNs > BigInt(toNs)) break
    // What a snapshot itself told must not be what it is compared with.
    if (event.type === 'host.observed' && event.uptimeNs >= BigInt(fromNs)) continue
    if (event.uptimeNs > BigInt(fromNs) && states.length === 0) states.push(projected(stream, state))
    evolve(state, event, changes)
    if (states.length > 0 && event.type !== 'task.switched') states.push(projected(stream, state))
  }
  return states.length > 0 ? states : [projected(stream, state)]
}

function historyOf(log: SqliteLog, stream: string): HistoryEvent[] {
  return [...log.history(stream, 0, Number.MAX_SAFE_INTEGER)].flat()
}

const totals = new Map<string, { matched: number; total: number }>()

async function judge(
  mode: string,
  recording: Recording,
  accept: (file: string) => boolean
): Promise<string[]> {
  const { log, stream } = await ingestRecording(recording, accept)
  const history = historyOf(log, stream)
  await log.dispose()
  const total = totals.get(mode) ?? { matched: 0, total: 0 }
  totals.set(mode, total)
  const misses: string[] = []
  for (const snapshot of snapshotsOf(recording)) {
    const want = expected(snapshot)
    const states = statesBetween(stream, history, snapshot.t, snapshot.t1)
    total.total += 1
    if (states.some((state) => isEqual(state, want))) total.matched += 1
    else misses.push(`${snapshot.label}: ${difference(states.at(-1) ?? {}, want)}`)
  }
  return misses
}

function isEqual(a: Comparable, b: Comparable): boolean {
  return canonical(a) === canonical(b)
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner
  )
}

function difference(mine: Comparable, theirs: Comparable): string {
  const parts: string[] = []
  for (const part of ['livepatch', 'kprobes', 'modules']) {
    if (canonical(mine[part]) === canonical(theirs[part])) continue
    const a = new Set(Object.entries(mine[part] as object).map(([key, value]) => `${key}=${value}`))
    const b = new Set(Object.entries(theirs[part] as object).map(([key, value]) => `${key}=${value}`))
    parts.push(
      `${part} only projected: ${[...a].filter((x) => !b.has(x)).join()}; only recorded: ${[...b].filter((x) => !a.has(x)).join()}`
    )
  }
  return parts.join(' | ')
}

const minimal = (file: string) => file === 'trace.txt' || file === 'commands.txt'

describe.each(recordings())('$name', (recording) => {
  test('its snapshots are what trace, commands and manifest say', async () => {
    expect(await judge('trace, commands, manifest', recording, minimal)).toEqual([])
  })

  test('its snapshots are what all of its evidence says', async () => {
    expect(await judge('everything', recording, () => true)).toEqual([])
  })
})

afterAll(() => {
  for (const [mode, { matched, total }] of totals)
    console.log(`${mode}: ${matched} of ${total} snapshots match`)
})
