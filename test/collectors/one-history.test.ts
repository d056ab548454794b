import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import type { StoredEvent } from '../../src/events/index.ts'
import { stackView, stateAt } from '../../src/projections/index.ts'
import { factOf, ingestSources, linesOf, linesSource, manifestOf } from '../support/evidence.ts'
import { listOf, quietMoments } from '../support/quiet-moments.ts'
import { type Recording, recordings, sourcesOf } from '../support/recordings.ts'

/** One history, however the evidence of it is cut, mixed or printed. */

function told(
  recording: Recording,
  ...traces: (readonly string[])[]
): Promise<{ events: readonly StoredEvent[] }> {
  const sources = traces.map((lines, n) => linesSource(`trace-${n}.txt`, 'ftrace', lines))
  return ingestSources([...sources, manifestOf(recording)], { policy: recording.policy })
}

/** A string with a line feed goes on in the next line: no cut there. */
function cutsOf(lines: readonly string[]): number[] {
  return lines.flatMap((line, n) => (/^[ #]|^\S+-\d+ /.test(line) ? [n] : []))
}

describe.each(recordings())('$name', (recording) => {
  const trace = linesOf(recording, 'trace.txt')

  test('a trace that was cut in two files tells what the whole one tells', async () => {
    const whole = (await told(recording, trace)).events.map(factOf)
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...cutsOf(trace)), async (cut) => {
        const { events } = await told(recording, trace.slice(0, cut), trace.slice(cut))
        expect(events.map(factOf)).toEqual(whole)
      }),
      { numRuns: 2 }
    )
  })

  test('a trace printed by trace-cmd, which knows no flags, tells the same', async () => {
    const report = trace
      .filter((line) => !line.startsWith('#'))
      .map((line) =>
        line
          .replace(/^(\s*.*?-\d+ +\[\d+\]) [^ ]+ /, '$1 ')
          .replace(/: tracing_mark_write: /, ': print: tracing_mark_write: ')
      )
    expect(report.join()).not.toContain('.....')
    const { events } = await told(recording, ['cpus=2', ...report])
    expect(events.map(factOf)).toEqual((await told(recording, trace)).events.map(factOf))
  })

  test('the kernel log and bpftrace beside the trace confirm it, and tell nothing new', async () => {
    const beside = ['dmesg.txt', 'bpftrace.jsonl'].filter((file) => existsSync(join(recording.path, file)))
    const sources = await sourcesOf(recording, (file) => file === 'trace.txt' || beside.includes(file))
    const { events, summary } = await ingestSources(sources, { policy: recording.policy })
    const alone = (await told(recording, trace)).events
    // The kernel's release stands in its log's first line.
    expect(events.slice(1).map(factOf)).toEqual(alone.slice(1).map(factOf))
    expect(summary.confirmingLines).toBeGreaterThan(0)
  })

  test('the end of a trace alone is right about every patch that it saw enabled, or says that it is unsure', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: trace.length - 1 }), async (cut) => {
        const rest = linesSource('trace.txt', 'ftrace', trace.slice(cut))
        const sources = [rest, manifestOf(recording)]
        await ingestSources(sources, { policy: recording.policy }, async (log, { events }) => {
          for (const moment of quietMoments(recording).filter(({ t }) => BigInt(t) >= begin(events))) {
            const position = await log.positionAt('host/boot', BigInt(moment.t1))
            const { patches, unsure } = stackView('host/boot', await stateAt(log, 'host/boot', position))
            sure[unsure === null ? 'yes' : 'no'] += 1
            if (unsure !== null) continue
            const claimed = patches.map((patch) => `${patch.name} enabled=${Number(patch.enabled)}`)
            const seen = enabledIn(events, position)
            const there = listOf(moment).filter((line) => seen.has(line.slice(0, line.indexOf(' '))))
            expect(claimed.sort(), `cut at ${cut}, ${moment.label}`).toEqual(there)
          }
        })
      }),
      { numRuns: 4 }
    )
  })
})

const sure = { yes: 0, no: 0 }

afterAll(() => {
  console.log(`the end of a trace alone: sure of ${sure.yes} quiet moments, unsure of ${sure.no}`)
})

function begin(events: readonly StoredEvent[]): bigint {
  return events[1]?.uptimeNs ?? 0n
}

function enabledIn(events: readonly StoredEvent[], upTo: number): Set<string> {
  return new Set(
    events.flatMap((event) =>
      event.type === 'patch.enabled' && event.position <= upTo ? [event.data.patch] : []
    )
  )
}
