import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Floor } from '../bench/floor.ts'
import { TraceText, traceHead, traceManifest } from '../bench/trace-text.ts'
import { Workload } from '../bench/workload.ts'
import { formatNamed, ingest, type Source, survey } from '../src/collectors/index.ts'
import { openSqliteLog, type SqliteLog } from '../src/events/index.ts'
import { Changes, emptyState, encodeState, evolve, projections, stateAt } from '../src/projections/index.ts'

/** What the bench compares must be comparable, and what it writes a history. Nothing here is timed. */

const stream = 'bench/0'

let directory: string
let log: SqliteLog
let floor: Floor

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'klplog-bench-test-'))
  log = await openSqliteLog({ path: join(directory, 'log.db'), readModels: [projections] })
  floor = await Floor.open({ path: join(directory, 'floor.db') })
  const events = new Workload(1).take(3000)
  await log.append(stream, 'any', events)
  floor.append(events)
})

afterAll(async () => {
  await log.close()
  floor.close()
  rmSync(directory, { recursive: true })
})

describe('the floor', () => {
  const rows = (sql: string) =>
    ['log.db', 'floor.db'].map((name) => {
      const sqlite = new Database(join(directory, name), { readonly: true })
      const found = sqlite.prepare(sql).safeIntegers().all()
      sqlite.close()
      return found
    }) as [unknown[], unknown[]]

  test('has the tables, indexes and triggers of the log', () => {
    const [ours, theirs] = rows('select type, name, tbl_name, sql from sqlite_master order by type, name')
    expect(ours.length).toBeGreaterThan(10)
    expect(theirs).toEqual(ours)
  })

  test('waits for the disk as the log does', () => {
    const [ours, theirs] = rows('pragma journal_mode')
    expect(theirs).toEqual(ours)
    expect(theirs).toEqual([{ journal_mode: 'wal' }])
    expect(floor.sqlite.pragma('synchronous', { simple: true })).toBe(2)
    expect(floor.sqlite.pragma('foreign_keys', { simple: true })).toBe(1)
  })

  test('writes the rows of the log, but for checksum and digest', () => {
    const [ours, theirs] = rows(
      `select position, stream_id, revision, id, type, version, uptime_ns, wall_ns, pid, flags, data,
        source_id, line, raw, typeof(crc) from events order by position`
    )
    expect(ours.length).toBe(3000)
    expect(theirs).toEqual(ours)
    const [commits, theirCommits] = rows('select number, first_position, last_position from commits')
    expect(theirCommits).toEqual(commits)
  })
})

describe('the workload', () => {
  test('is a legal history whose state stays bounded', () => {
    const workload = new Workload(7)
    const state = emptyState()
    const changes = new Changes()
    const types = new Map<string, number>()
    const sizes: number[] = []
    for (let position = 1; position <= 50_000; ) {
      for (const event of workload.take(500)) {
        evolve(state, { ...event, position: position++ }, changes)
        changes.clear()
        types.set(event.type, (types.get(event.type) ?? 0) + 1)
      }
      sizes.push(encodeState(state).length)
    }
    expect(state.doubt).toEqual(emptyState().doubt)
    expect(state.lateEvents).toBe(0)
    expect(state.contradictions).toEqual([])
    expect(Math.max(...sizes)).toBeLessThan(20_000)
    expect(types.get('task.switched')).toBeGreaterThan(40_000)
    expect(types.size).toBeGreaterThan(15)
  })

  test('is the same for the same seed, however it is taken', () => {
    const whole = new Workload(3).take(700)
    const workload = new Workload(3)
    const parts = [workload.take(1), workload.take(299), workload.take(400)].flat()
    expect(parts).toEqual(whole)
    expect(new Workload(4).take(700)).not.toEqual(whole)
  })
})

test('the trace text is a legal history to the collectors', async () => {
  const text = new TraceText()
  const trace = traceHead + Array.from({ length: 12 }, () => text.next()).join('')
  const sources = [
    { source: sourceOf('trace.txt', trace), format: named('ftrace') },
    { source: sourceOf('modules.json', traceManifest()), format: named('manifest') }
  ]
  const target = await openSqliteLog({ path: ':memory:', readModels: [projections] })
  const found = await survey(sources)
  const job = { stream, boot: null, sources, found, policy: 'mainline', bootTimeNs: null } as const
  const summary = await ingest(target, job)
  const state = await stateAt(target, stream, summary.appended)
  await target.close()
  expect(summary.rejectedLines).toBe(0)
  expect(summary.appended).toBeGreaterThan(12 * 200)
  expect(state.doubt).toEqual(emptyState().doubt)
  expect(state.lateEvents).toBe(0)
  expect(state.patches.map((patch) => patch.name)).toEqual(['lp_cumul_3'])
  expect(state.hooks.map((hook) => hook.program)).toEqual(['ov3'])
  expect([...state.modules.keys()]).toEqual(['lp_cumul_3'])
})

function sourceOf(name: string, text: string): Source {
  const bytes = Buffer.from(text)
  return {
    name,
    fileName: name,
    sizeBytes: bytes.length,
    open: async function* () {
      yield bytes
    }
  }
}

function named(name: string) {
  const format = formatNamed(name)
  if (format === undefined) throw new Error(`no format is called ${name}`)
  return format
}
