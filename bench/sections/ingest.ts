import { spawnSync } from 'node:child_process'
import { closeSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Bench, plainRow, type Row, type Section } from '../bench.ts'
import type { IngestReport } from '../ingest-child.ts'
import { type Contender, interleave, median, type Rounds } from '../rounds.ts'
import { TraceText, traceHead, traceManifest } from '../trace-text.ts'

const childPath = fileURLToPath(new URL('../ingest-child.ts', import.meta.url))

/** Trace text through the collectors into a log, in a process of its own, so that its memory shows. */
export const ingest: Section = {
  name: 'ingest',
  async run(bench) {
    const rows: Row[] = []
    const peaks: number[] = []
    for (const megabytes of bench.quick ? [1, 2] : [10, 100]) {
      const { rounds, reports } = await measure(bench, megabytes)
      peaks.push(median(reports.map((report) => report.peakMb)))
      rows.push(...rowsOf(megabytes, rounds, reports))
    }
    const [small, large] = peaks as [number, number]
    return [...rows, plainRow('ingest, growth of peak memory at ten times the text', 'times', large / small)]
  }
}

async function measure(bench: Bench, megabytes: number) {
  const trace = join(bench.directory, `trace-${megabytes}.txt`)
  const manifest = join(bench.directory, 'modules.json')
  writeTrace(trace, megabytes)
  writeFileSync(manifest, traceManifest())
  const reports: IngestReport[] = []
  const contender = (mode: 'klplog' | 'floor'): Contender => ({
    name: mode,
    run: () => {
      const database = join(bench.directory, `ingest-${mode}.db`)
      const report = runChild([mode, database, trace, manifest])
      for (const end of ['', '-wal', '-shm']) rmSync(database + end, { force: true })
      if (mode === 'klplog') reports.push(report)
      const { lines, clockMs, processorMs } = report
      return { clock: (lines / clockMs) * 1000, processor: (lines / processorMs) * 1000 }
    }
  })
  const sides = [contender('klplog'), contender('floor')]
  // Each is a process of its own: nothing of a round before would be warm.
  const rounds = await interleave(sides, bench.quick ? 1 : 3, bench.machine, 0)
  rmSync(trace)
  return { rounds, reports }
}

/** The same node, with the same loader for TypeScript. */
function runChild(args: readonly string[]): IngestReport {
  const child = spawnSync(process.execPath, [...process.execArgv, childPath, ...args], { encoding: 'utf8' })
  if (child.status !== 0) throw new Error(`the ingest failed: ${child.stderr}`)
  return JSON.parse(child.stdout) as IngestReport
}

function writeTrace(path: string, megabytes: number): void {
  const file = openSync(path, 'w')
  const text = new TraceText()
  let bytes = writeSync(file, traceHead)
  while (bytes < megabytes * 1e6) bytes += writeSync(file, text.next())
  closeSync(file)
}

function rowsOf(megabytes: number, rounds: Rounds, reports: readonly IngestReport[]): Row[] {
  const what = `ingest of ${megabytes} MB of ftrace`
  const [report] = reports as [IngestReport]
  return [
    plainRow(`${what}; floor: each line a row`, 'lines/s', rounds.median('klplog'), {
      floor: rounds.median('floor'),
      ofFloor: rounds.ratio('klplog', 'floor')
    }),
    plainRow(`${what}, by the processor's time`, 'lines/s', rounds.median('klplog', 'processor'), {
      floor: rounds.median('floor', 'processor'),
      ofFloor: rounds.ratio('klplog', 'floor', 'processor')
    }),
    plainRow(`${what}, lines that became events`, '%', (report.events / report.lines) * 100),
    plainRow(`${what}, peak memory`, 'MB', median(reports.map(({ peakMb }) => peakMb))),
    plainRow(`${what}, memory before it`, 'MB', median(reports.map(({ startMb }) => startMb)))
  ]
}
