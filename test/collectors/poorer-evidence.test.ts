import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { fileSource, formatNamed, ingest, survey } from '../../src/collectors/index.ts'
import { patchListMisses } from '../support/quiet-moments.ts'
import { type Recording, recordings, sourcesOf, temporaryLog } from '../support/recordings.ts'

/** A trace that was recorded with less than ours were: which lines it would have. */
const poorer: readonly { readonly what: string; readonly keeps: (line: string) => boolean }[] = [
  { what: 'tracepoints, console and marks, but no probe', keeps: (line) => !isProbe(line) },
  { what: 'probes, but no console', keeps: (line) => !line.includes(': console: ') },
  { what: 'no record of any task', keeps: (line) => !/: (?:switch_task|update_patch_state): /.test(line) },
  {
    what: 'no marks and no system calls',
    keeps: (line) => !/: (?:tracing_mark_write: |sys_(?:finit|delete)_module)/.test(line)
  },
  { what: 'no debug lines in the console', keeps: (line) => !isDebug(line) }
]

function isProbe(line: string): boolean {
  return /: \w+: \((?:[\w.]+\+0x|\[unknown|.* <- )/.test(line)
}

function isDebug(line: string): boolean {
  return / console: livepatch: (?:'\w+': (?:initializing|completing|canceling|reversing)|klp_try)/.test(line)
}

const totals = new Map<string, { matched: number; total: number }>()

async function misses(
  recording: Recording,
  what: string,
  keeps: (line: string) => boolean
): Promise<string[]> {
  const directory = mkdtempSync(join(tmpdir(), 'klplog-poorer-'))
  const path = join(directory, 'trace.txt')
  const lines = readFileSync(join(recording.path, 'trace.txt'), 'utf8').split(/(?<=\n)/)
  writeFileSync(path, lines.filter(keeps).join(''))
  const format = formatNamed('ftrace')
  if (format === undefined) throw new Error('no reader of ftrace text')
  const sources = [{ source: await fileSource(path), format }, ...(await sourcesOf(recording, () => false))]
  const log = await temporaryLog()
  const found = await survey(sources)
  await ingest(log, {
    stream: 'host/0',
    boot: null,
    sources,
    found,
    policy: recording.policy,
    bootTimeNs: null
  })
  const result = await patchListMisses(recording, log, 'host/0')
  await log.dispose()
  rmSync(directory, { recursive: true })
  const sum = totals.get(what) ?? { matched: 0, total: 0 }
  totals.set(what, {
    matched: sum.matched + result.total - result.misses.length,
    total: sum.total + result.total
  })
  return result.misses
}

describe.each(poorer)('a trace with $what', ({ what, keeps }) => {
  test.each(recordings())('still tells the patches of $name', async (recording) => {
    expect(await misses(recording, what, keeps)).toEqual([])
  })
})

afterAll(() => {
  for (const [what, { matched, total }] of totals)
    console.log(`${what}: ${matched} of ${total} quiet moments match`)
})
