import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { SqliteLog } from '../../src/events/index.ts'
import { gapsOf, type Run, runsOf } from '../../src/projections/index.ts'
import { functionKeys, type History, histories } from '../support/histories.ts'
import { appendInBatches } from '../support/history-log.ts'
import { temporaryLog } from '../support/recordings.ts'

/** What `runs` and `gaps` say over time is what the kernel did at each moment of it. */

async function withHistory(history: History, use: (log: SqliteLog) => Promise<void>): Promise<void> {
  const log = await temporaryLog()
  try {
    await appendInBatches([log], 'toy/0', history.events, [1000])
    await use(log)
  } finally {
    await log.dispose()
  }
}

/** The threads that the history ever had; idle tasks share a pid, so none can be asked about. */
function pidsIn({ truths }: History): number[] {
  const keys = truths.flatMap(({ runs }) => [...runs.keys()])
  return [...new Set(keys.map((key) => Number.parseInt(key, 10)))]
}

/** Of a task that was forked on the way, or that died on it, no try may tell when it switched. */
function mayBeUnsure(history: History, pid: number): boolean {
  return isForked(pid) || hasLosses(history) || !isAlive(history, history.events.length, pid)
}

function isForked(pid: number): boolean {
  return pid >= 100
}

function hasLosses({ events }: History): boolean {
  return events.some(({ type }) => type === 'evidence.lost')
}

/** Gaps name programs; here each attachment has a program of its own. */
const uniquePrograms = histories()
  .filter((history) => !hasLosses(history))
  .map((history): History => {
    const events = history.events.map((event) => {
      if (event.type !== 'hook.attached' && event.type !== 'hook.detached') return event
      return { ...event, data: { ...event.data, program: `prog${event.data.programId}` } } as typeof event
    })
    return { ...history, events }
  })

function isAlive({ truths }: History, position: number, pid: number): boolean {
  return truths[position - 1]?.runs.has(`${pid} ${functionKeys[0]}`) === true
}

/** The last position at each time: between events of one time nothing can be asked. */
function moments({ events }: History): { position: number; ns: bigint }[] {
  const last = new Map(events.map(({ uptimeNs }, n) => [uptimeNs, n + 1]))
  return [...last].map(([ns, position]) => ({ ns, position }))
}

function at<Row extends { fromNs: bigint; toNs: bigint | null }>(rows: readonly Row[], ns: bigint): Row[] {
  return rows.filter((row) => row.fromNs <= ns && (row.toNs === null || ns < row.toNs))
}

test('for a task each moment has one run of each function', async () => {
  await fc.assert(
    fc.asyncProperty(histories(), (history) =>
      withHistory(history, async (log) => {
        for (const pid of pidsIn(history)) {
          for (const key of functionKeys) partitions(await runsOf(log, 'toy/0', key, pid))
        }
      })
    ),
    { numRuns: 60 }
  )
})

/** From the boot on, without a break, to no end. */
function partitions(runs: readonly Run[]): void {
  if (runs.length === 0) return
  const ends = runs.map((run) => run.toNs)
  expect(runs.map((run) => run.fromNs)).toEqual([0n, ...ends.slice(0, -1)])
  expect(ends.at(-1)).toBeNull()
  for (const { fromNs, toNs } of runs) if (toNs !== null) expect(toNs).toBeGreaterThan(fromNs)
}

test('a task ran what the handler chose for it, call by call', async () => {
  await fc.assert(
    fc.asyncProperty(histories(), (history) =>
      withHistory(history, async (log) => {
        for (const pid of pidsIn(history)) {
          for (const key of functionKeys) {
            const runs = await runsOf(log, 'toy/0', key, pid)
            for (const { position, ns } of moments(history)) {
              const truth = history.truths[position - 1]?.runs.get(`${pid} ${key}`)
              if (truth === undefined) continue
              const [run] = runs.length === 0 ? [{ version: 'original', unsure: null }] : at(runs, ns)
              if (run?.unsure != null && mayBeUnsure(history, pid)) continue
              expect(run?.unsure).toBeNull()
              expect(run?.version, `${key} of ${pid} behind event ${position}`).toBe(truth)
            }
          }
        }
      })
    ),
    { numRuns: 100 }
  )
})

test('a gap is where the task did not reach the attached program, and nothing else is', async () => {
  await fc.assert(
    fc.asyncProperty(uniquePrograms, (history) =>
      withHistory(history, async (log) => {
        for (const pid of pidsIn(history).filter((one) => !isForked(one))) {
          const gaps = await gapsOf(log, 'toy/0', pid)
          for (const { position, ns } of moments(history)) {
            const open = at(gaps, ns).map((gap) => gap.program)
            const truth = history.truths[position - 1]?.reached ?? new Map<string, boolean>()
            const missed = [...truth].filter(([key, met]) => key.endsWith(` ${pid}`) && !met)
            if (!isAlive(history, position, pid)) continue
            const programs = missed.map(([key]) => `prog${Number.parseInt(key, 10)}`)
            expect(open.sort(), `${pid} behind event ${position}`).toEqual(programs.sort())
          }
        }
      })
    ),
    { numRuns: 100 }
  )
})
