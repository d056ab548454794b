import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { survey } from '../../src/collectors/index.ts'
import type { StoredEvent } from '../../src/events/index.ts'
import { ingestSources, linesOf, linesSource, manifestOf } from '../support/evidence.ts'
import { type Recording, recordings } from '../support/recordings.ts'

/** The kernel log has a clock of its own; the trace's `console:` records carry the same lines in the trace's. */

/** Within a boot the printk clock keeps its distance to this: 4.1 ms at most were seen. */
const printkJitterNs = 5_000_000n

const having = recordings().filter(({ path }) => existsSync(join(path, 'dmesg.txt')))

function ns(seconds: string): bigint {
  const [whole = '0', fraction = ''] = seconds.split('.')
  return BigInt(whole + fraction.padEnd(9, '0'))
}

/** Messages of a log, each time that it was printed. */
function times(lines: readonly string[], pattern: RegExp): Map<string, bigint[]> {
  const found = new Map<string, bigint[]>()
  for (const line of lines) {
    const [, time = '', message = ''] = pattern.exec(line) ?? []
    if (time !== '') found.set(message, [...(found.get(message) ?? []), ns(time)])
  }
  return found
}

const inTrace = (recording: Recording) =>
  times(linesOf(recording, 'trace.txt'), / (\d+\.\d+): console: (.*)$/)

const inLog = (recording: Recording) => times(linesOf(recording, 'dmesg.txt'), /^\[ *(\d+\.\d+)\] (.*)$/)

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value
}

describe.each(having)('$name', (recording) => {
  const trace = linesOf(recording, 'trace.txt')
  const dmesg = linesSource('dmesg.txt', 'dmesg', linesOf(recording, 'dmesg.txt'))

  test('every line that both have lies within the jitter of the offset that was found', async () => {
    const found = await survey([linesSource('trace.txt', 'ftrace', trace), dmesg])
    const log = inLog(recording)
    let compared = 0
    for (const [message, traced] of inTrace(recording)) {
      const logged = log.get(message)
      if (logged?.length !== traced.length) continue
      traced.forEach((time, n) => {
        const error = (logged[n] ?? 0n) + found.printkOffsetNs - time
        expect(magnitude(error), message).toBeLessThanOrEqual(printkJitterNs)
        compared += 1
      })
    }
    expect(compared).toBeGreaterThan(0)
  })

  test('what only the kernel log tells, before the trace began, is told at the time of the trace', async () => {
    const half = trace.slice(trace.length >> 1)
    const sources = [linesSource('trace.txt', 'ftrace', half), dmesg, manifestOf(recording)]
    const { events } = await ingestSources(sources, { policy: recording.policy })
    const early = events.filter((event) => event.evidence.source === 'dmesg.txt')
    expect(early.length).toBeGreaterThan(0)
    const traced = inTrace(recording)
    for (const event of early) {
      const distance = toNearest(event, traced)
      if (distance !== null) expect(distance, event.evidence.raw).toBeLessThanOrEqual(printkJitterNs)
    }
  })
})

/** From the event to the nearest time at which the trace has the line that proves it. */
function toNearest(
  { uptimeNs, evidence }: StoredEvent,
  traced: ReadonlyMap<string, bigint[]>
): bigint | null {
  const [, message = ''] = /^\[ *\d+\.\d+\] (.*)$/.exec(evidence.raw) ?? []
  const distances = (traced.get(message) ?? []).map((time) => magnitude(time - uptimeNs))
  return distances.reduce<bigint | null>((least, one) => (least === null || one < least ? one : least), null)
}

describe('the wall clock alone (dmesg -T)', () => {
  const lines = [
    "[Mon Nov 23 14:02:38 2026] livepatch: enabling patch 'lp_a'",
    "[Mon Nov 23 14:02:39 2026] livepatch: 'lp_a': starting patching transition",
    "[Mon Nov 23 14:02:41 2026] livepatch: 'lp_a': patching complete"
  ]
  const boot = BigInt(Date.UTC(2026, 10, 23, 14, 2, 30)) * 1_000_000n

  test('with the boot time it tells the time since boot', async () => {
    const { events } = await ingestSources([linesSource('T', 'dmesg-T', lines)], { bootTimeNs: boot })
    expect(events.map(({ type, uptimeNs }) => [type, uptimeNs / 1_000_000_000n])).toEqual([
      ['host.booted', 0n],
      ['patch.enabled', 8n],
      ['transition.started', 9n],
      ['transition.completed', 11n]
    ])
    expect(events.at(-1)?.wallNs).toBe(boot + 11_000_000_000n)
  })

  test('without it every line is refused, and says what is missing', async () => {
    await ingestSources([linesSource('T', 'dmesg-T', lines)], {}, async (log, { events, summary }) => {
      expect(events.map(({ type }) => type)).toEqual(['host.booted'])
      expect(summary).toMatchObject({ lines: 3, rejectedLines: 3 })
      const kept = await log.rejected({})
      expect(kept.map(({ raw }) => raw)).toEqual(lines)
      for (const { reason } of kept) expect(reason).toContain('--boot-time')
    })
  })

  test('a line from before the boot is refused alone', async () => {
    const early = boot + 8_500_000_000n
    const source = linesSource('T', 'dmesg-T', lines)
    const { events, summary } = await ingestSources([source], { bootTimeNs: early })
    expect(summary.rejectedLines).toBe(1)
    expect(events.map(({ type }) => type)).toContain('transition.completed')
  })
})

describe('a journal of two boots', () => {
  const entry = (boot: string, us: number, message: string) =>
    JSON.stringify({
      _BOOT_ID: boot,
      _HOSTNAME: 'web1',
      __MONOTONIC_TIMESTAMP: String(us),
      __REALTIME_TIMESTAMP: String(1_795_442_400_000_000 + us + (boot === 'b' ? 86_400_000_000 : 0)),
      _TRANSPORT: 'kernel',
      SYSLOG_IDENTIFIER: 'kernel',
      MESSAGE: message
    })
  const lines = [
    entry('a', 5_000_000, "livepatch: enabling patch 'lp_old'"),
    entry('a', 6_000_000, "livepatch: 'lp_old': starting patching transition"),
    entry('b', 4_000_000, "livepatch: enabling patch 'lp_new'"),
    entry('b', 7_000_000, "livepatch: 'lp_new': starting patching transition")
  ]

  test.each([
    ['a', 'lp_old', 5_000_000_000n],
    ['b', 'lp_new', 4_000_000_000n]
  ])('of boot %s only its own lines are told, in its own time', async (boot, patch, firstNs) => {
    const { events, summary } = await ingestSources([linesSource('journal.json', 'journal', lines)], { boot })
    expect(summary).toMatchObject({ lines: 4, usedLines: 2, unrelatedLines: 2, rejectedLines: 0 })
    const [, enabled] = events
    expect(enabled).toMatchObject({ type: 'patch.enabled', uptimeNs: firstNs, data: { patch } })
  })
})
