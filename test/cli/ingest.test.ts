import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { IngestReport } from '../../src/cli/ingest-report.ts'
import { answer, klplog, temporaryDirectory } from './command-line.ts'
import { manifestPath, recordingNames, recordingPath } from './recording-paths.ts'

const hybrid = recordingPath('hyb-6f-nop-shadow')
const mainline = recordingPath('up-4a-embed-kprobe')

let directory: ReturnType<typeof temporaryDirectory>
let db: string

beforeEach(() => {
  directory = temporaryDirectory()
  db = join(directory.path, 'log.db')
})

afterEach(() => {
  directory.remove()
})

function ingest(...argv: readonly string[]): Promise<IngestReport[]> {
  return answer<IngestReport[]>(['ingest', '--db', db, ...argv])
}

/** Every event, without what says where in the log it stands. */
async function events(path = db): Promise<Map<string, unknown>> {
  const { stdout } = await klplog(['export', '--db', path])
  const found = new Map<string, unknown>()
  for (const line of stdout.trimEnd().split('\n')) {
    const { id, type, uptimeNs, data } = JSON.parse(line) as Record<string, unknown>
    if (typeof id === 'string') found.set(id, { type, uptimeNs, data })
  }
  return found
}

function expectAccounted(reports: readonly IngestReport[]): void {
  for (const { lines, usedLines, unrelatedLines, confirmingLines, rejectedLines } of reports) {
    expect(usedLines + unrelatedLines + confirmingLines + rejectedLines).toBe(lines)
  }
}

describe('klplog ingest', () => {
  it('makes a stream of each recording and recognises its policy', async () => {
    const { exitCode, stdout, stderr } = await klplog(['ingest', '--db', db, hybrid, mainline])
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout).toMatch(/^hyb-6f-nop-shadow\/0 .* hybrid \(sysfs has replaceable\)$/m)
    expect(stdout).toMatch(/^up-4a-embed-kprobe\/0 .* mainline \(sysfs has neither/m)
    const streams = await answer<{ stream: string }[]>(['streams', '--db', db])
    expect(streams.map(({ stream }) => stream)).toEqual(['hyb-6f-nop-shadow/0', 'up-4a-embed-kprobe/0'])
  })

  it('accounts for every line of every recording, and appends nothing the second time', async () => {
    const paths = recordingNames().map(recordingPath)
    const first = await ingest(...paths, '--manifest', manifestPath)
    expectAccounted(first)
    expect(first.map(({ alreadyKnown }) => alreadyKnown)).toEqual(paths.map(() => 0))
    const second = await ingest(...paths, '--manifest', manifestPath)
    expect(second.map(({ appended }) => appended)).toEqual(paths.map(() => 0))
    expect(second.map(({ alreadyKnown }) => alreadyKnown)).toEqual(first.map(({ appended }) => appended))
    expect((await klplog(['verify', '--db', db])).exitCode).toBe(0)
  })

  it('continues a trace that it has the beginning of, and has all of it then', async () => {
    for (const recording of ['up-4a-embed-kprobe', 'up-7b-force', 'hyb-5-hybrid-hold']) {
      const trace = readFileSync(join(recordingPath(recording), 'trace.txt'))
      const file = join(directory.path, 'trace.txt')
      writeFileSync(file, trace)
      const whole = join(directory.path, `${recording}.db`)
      await klplog(['ingest', file, '--db', whole])
      const all = [...(await events(whole)).keys()]
      for (const cut of [0.2, 0.5, 0.8]) {
        const into = ['--db', join(directory.path, `${recording}-${cut}.db`)]
        writeFileSync(file, trace.subarray(0, Math.floor(trace.length * cut)))
        const [first] = await ingest(file, ...into)
        writeFileSync(file, trace)
        const [rest] = await ingest(file, ...into)
        const [again] = await ingest(file, ...into)
        expect(first?.appended).toBeGreaterThan(1)
        expect(rest?.appended).toBeGreaterThan(1)
        expect(again?.appended).toBe(0)
        expect([...(await events(into[1])).keys()]).toEqual(expect.arrayContaining(all))
      }
    }
  })

  it('takes files that are named one by one as one stream, and standard input', async () => {
    const files = ['trace.txt', 'dmesg.txt', 'snapshots.jsonl'].map((file) => join(mainline, file))
    const [report, ...others] = await ingest(...files)
    expect(others).toEqual([])
    expect(report?.stream).toBe('trace/0')
    const argv = ['ingest', '-', '--db', db, '--host', 'h', '--boot', 'b', '--policy', 'mainline']
    const stdin = readFileSync(join(mainline, 'dmesg.txt'))
    const [piped] = await answer<IngestReport[]>(argv, { stdin })
    expect(piped).toMatchObject({ stream: 'h/b', policy: 'mainline', policyFrom: 'given', rejectedLines: 0 })
    expect(piped?.appended).toBeGreaterThan(10)
  })

  it('takes a manifest for every stream, and other files beside one recording as parts of it', async () => {
    const [together] = await ingest(hybrid, manifestPath)
    const [again] = await ingest(hybrid, '--manifest', manifestPath)
    expect(again).toMatchObject({ lines: together?.lines, appended: 0 })
    const both = await ingest(hybrid, mainline, manifestPath, '--boot', 'again')
    expect(both.map(({ lines }) => lines)).toEqual([together?.lines, expect.any(Number)])
    const dmesg = join(directory.path, 'dmesg.txt')
    const part = join(directory.path, 'part')
    cpSync(hybrid, part, { recursive: true })
    renameSync(join(part, 'dmesg.txt'), dmesg)
    const [apart] = await ingest(part, dmesg, manifestPath, '--host', 'hyb-6f-nop-shadow')
    expect(apart).toMatchObject({ lines: together?.lines, appended: 0 })
  })

  it('takes the same evidence as the same, whatever its files are called', async () => {
    await ingest(mainline, '--host', 'h')
    const copy = join(directory.path, 'copy')
    cpSync(mainline, copy, { recursive: true })
    expect(await ingest(copy, '--host', 'h')).toMatchObject([{ appended: 0 }])
  })

  it('tells a kind that is not recognised by --format', async () => {
    const odd = join(directory.path, 'odd')
    writeFileSync(odd, 'nothing to see\n')
    const [report] = await ingest(odd, '--format', 'ftrace', '--policy', 'hybrid')
    expect(report).toMatchObject({ lines: 1, rejectedLines: 1 })
    const { stdout } = await klplog(['rejected', '--db', db])
    expect(stdout).toContain(`${odd}:1: `)
    expect(stdout).toContain('\n    nothing to see\n')
  })

  it('skips files of a recording that are no evidence, and names them', async () => {
    const recording = join(directory.path, 'rec')
    mkdirSync(join(recording, 'deeper'), { recursive: true })
    copyFileSync(join(hybrid, 'trace.txt'), join(recording, 'trace.txt'))
    writeFileSync(join(recording, 'core'), Buffer.from([0, 1, 2, 3, 255]))
    symlinkSync('nowhere', join(recording, 'link'))
    const { exitCode, stdout, stderr } = await klplog(['ingest', '--db', db, recording, '-j'])
    expect(exitCode).toBe(0)
    expect(stderr).toContain(`${recording}: skipped 2 files of no known kind\n  core, link\n`)
    expect(JSON.parse(stdout)).toMatchObject([{ skippedFiles: ['core', 'link'] }])
  })

  it('makes a stream of each boot in a journal', async () => {
    const journal = join(directory.path, 'journal.json')
    const boots = ['a'.repeat(32), 'b'.repeat(32)]
    const entry = (boot: string, bootUs: number, us: number, message: string) =>
      JSON.stringify({
        _BOOT_ID: boot,
        _HOSTNAME: 'web1',
        _TRANSPORT: 'kernel',
        __REALTIME_TIMESTAMP: String(bootUs + us),
        __MONOTONIC_TIMESTAMP: String(us),
        _SOURCE_MONOTONIC_TIMESTAMP: String(us),
        MESSAGE: message
      })
    const lines = boots.flatMap((boot, n) => [
      entry(boot, (n + 1) * 1e15, 5_000_000, "livepatch: enabling patch 'lp_a'"),
      entry(boot, (n + 1) * 1e15, 6_000_000, "livepatch: 'lp_a': starting patching transition"),
      entry(boot, (n + 1) * 1e15, 7_000_000, "livepatch: 'lp_a': patching complete")
    ])
    writeFileSync(journal, `${lines.join('\n')}\n`)
    const reports = await ingest(journal)
    expect(reports.map(({ stream }) => stream)).toEqual(boots.map((boot) => `web1/${boot}`))
    expect(reports.map(({ bootTimeNs }) => bootTimeNs)).toEqual([String(10n ** 18n), String(2n * 10n ** 18n)])
    expectAccounted(reports)
    expect(reports[0]?.appended).toBe(reports[1]?.appended)
    expect(await ingest(journal, '--boot', 'bbb')).toMatchObject([
      { stream: `web1/${boots[1]}`, appended: 0 }
    ])
    const { exitCode, stderr } = await klplog(['ingest', '--db', db, journal, join(hybrid, 'dmesg.txt')])
    expect(exitCode).toBe(2)
    expect(stderr).toContain('dmesg.txt does not tell which of 2 boots it is of')
    expect(stderr).toContain(`\n    ${boots[1]}`)
  })
})

describe('klplog ingest tells', () => {
  it('which policy it does not know, and what to do', async () => {
    const { exitCode, stderr } = await klplog(['ingest', '--db', db, join(hybrid, 'trace.txt')])
    expect(exitCode).toBe(0)
    expect(stderr).toContain('the livepatch policy of trace/0 is unknown')
    expect(stderr).toContain('--policy')
  })

  it('when what it learns comes too late', async () => {
    const dmesg = join(hybrid, 'dmesg.txt')
    await ingest(dmesg, '--host', 'h')
    const late = ['ingest', '--db', db, '--host', 'h', '--boot-time', '1795442400', '--policy', 'hybrid']
    const { stderr } = await klplog([...late, '--utc', dmesg])
    expect(stderr).toContain('policy hybrid and boot time 2026-11-23 14:00:00.000000Z: too late for h/0')
    const trace = await klplog([...late, join(hybrid, 'trace.txt')])
    expect(trace.stderr).toMatch(/\d+ events lie before what the log had of h\/0 already/)
  })

  it('when two recordings would be one stream', async () => {
    const { exitCode, stderr } = await klplog(['ingest', '--db', db, hybrid, mainline, '--host', 'h'])
    expect(exitCode).toBe(2)
    expect(stderr).toContain('would both be h/0')
  })
})

describe('Ctrl-C', () => {
  it('stops an ingest, which the same command continues to the same events', async () => {
    const paths = ['up-3-replace', 'hyb-6f-nop-shadow', 'up-4a-embed-kprobe'].map(recordingPath)
    const argv = ['ingest', '--db', db, ...paths]
    const stopped = await klplog(argv, { interrupt: (press) => press() })
    expect(stopped.exitCode).toBe(130)
    expect(stopped.stderr).toContain('The same command continues.')
    const atStop = await events()
    await ingest(...paths)
    const whole = join(directory.path, 'whole.db')
    await klplog(['ingest', '--db', whole, ...paths])
    const all = await events(whole)
    expect(await events()).toEqual(all)
    expect([...all.keys()].slice(0, atStop.size)).toEqual([...atStop.keys()])
    expect((await klplog(['verify', '--db', db])).exitCode).toBe(0)
  })
})

describe('the progress bar', () => {
  it('shows on a terminal for long input only', async () => {
    const long = join(directory.path, 'long.txt')
    writeFileSync(long, '# tracer: nop\n#\n'.repeat(600_000))
    const argv = ['ingest', '--db', db, long, '--format', 'ftrace', '--policy', 'mainline']
    expect((await klplog(argv, { isTTY: true })).stderr).toMatch(/ingest \[-*\] 0% of 10 MB, \? left/)
    expect((await klplog(argv)).stderr).toBe('')
    expect((await klplog(['ingest', '--db', db, hybrid], { isTTY: true })).stderr).toBe('')
  })
})
