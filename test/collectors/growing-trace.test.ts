import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type FormattedSource, fileSource, formatNamed, ingest, survey } from '../../src/collectors/index.ts'
import type { SqliteLog } from '../../src/events/index.ts'
import { type Recording, recordings, sourcesOf, temporaryLog } from '../support/recordings.ts'

/** Cuts of each trace, as parts of its length. */
const cuts = [0.1, 0.3, 0.5, 0.7, 0.9]

async function ingestTrace(log: SqliteLog, recording: Recording, trace: string): Promise<void> {
  const format = formatNamed('ftrace')
  if (format === undefined) throw new Error('no reader of ftrace text')
  const manifest = await sourcesOf(recording, () => false)
  const sources: FormattedSource[] = [{ source: await fileSource(trace), format }, ...manifest]
  const { policy } = recording
  const job = {
    stream: 'host/0',
    boot: null,
    sources,
    found: await survey(sources),
    policy,
    bootTimeNs: null
  }
  await ingest(log, job)
}

async function told(log: SqliteLog): Promise<string[]> {
  const lines: string[] = []
  for await (const page of log.read({})) {
    for (const { type, uptimeNs, data } of page) lines.push(`${uptimeNs} ${type} ${JSON.stringify(data)}`)
  }
  return lines
}

test.each(recordings())(
  '$name: a trace that is read while it grows tells what the whole one tells',
  async (recording) => {
    const directory = mkdtempSync(join(tmpdir(), 'klplog-growing-'))
    const trace = join(directory, 'trace.txt')
    // What grows is written from trace_pipe, which has no header: a header counts the records that follow it.
    const whole = readFileSync(join(recording.path, 'trace.txt'), 'utf8').replace(/^#.*\n/gm, '')
    const lines = whole.split(/(?<=\n)/)
    const expected = await temporaryLog()
    writeFileSync(trace, whole)
    await ingestTrace(expected, recording, trace)
    for (const cut of cuts) {
      const log = await temporaryLog()
      writeFileSync(trace, lines.slice(0, Math.floor(lines.length * cut)).join(''))
      await ingestTrace(log, recording, trace)
      writeFileSync(trace, whole)
      await ingestTrace(log, recording, trace)
      expect(await told(log), `cut at ${cut}`).toEqual(await told(expected))
      await log.dispose()
    }
    await expected.dispose()
    rmSync(directory, { recursive: true })
  }
)
