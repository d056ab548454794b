import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, platform, release } from 'node:os'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import Table from 'cli-table3'
import type { Row, SectionResult, Target } from './bench.ts'

/** What a reader has to know before a number means anything. */
const preface = [
  'The machine is shared: only the ratios count, and only those of one run; absolute figures do not travel.',
  'Sides take turns in every round; a ratio is the median of the rounds, each side against the other of its',
  'round. Above 1.00 klplog is the faster, or the smaller. The floor: prepared better-sqlite3 statements on',
  'the same tables, WAL with synchronous=FULL. Emmett: 0.38.5 with its SQLite store, as its users run it.',
  "By the processor's time: what the work took of it in all threads, which is what is left when others wait."
].join('\n')

/** The table that a person reads. */
export function printTable(results: readonly SectionResult[]): void {
  const table = new Table({
    head: ['what', 'klplog', 'floor', 'Emmett', 'unit', '/floor', '/Emmett', 'target', 'held'],
    style: { head: [], border: [], compact: true },
    colAligns: ['left', 'right', 'right', 'right', 'left', 'right', 'right', 'left', 'left'],
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' }
  })
  for (const { rows } of results) for (const row of rows) table.push(cells(row))
  console.log(`\n${preface}\n\n${table.toString()}\n`)
  console.log('What others left of the machine, in the middle (and at worst):')
  for (const result of results) console.log(`  ${contentionLine(result)}`)
}

function cells({ what, unit, ours, floor, emmett, ofFloor, ofEmmett, targets }: Row): string[] {
  return [
    what,
    figure(ours),
    figure(floor),
    figure(emmett),
    unit,
    ofFloor === null ? '' : ofFloor.toFixed(2),
    ofEmmett === null ? '' : ofEmmett.toFixed(1),
    targets.map((target) => target.text).join(', '),
    targets.map(verdict).join(', ')
  ]
}

function verdict({ held, heldByProcessor }: Target): string {
  if (held) return 'yes'
  return heldByProcessor === true ? "NO (by the processor's time yes)" : 'NO'
}

function figure(value: number | null): string {
  if (value === null) return ''
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2)
}

function contentionLine({ section, seconds, contention }: SectionResult): string {
  const { looks, busyLooks, left, disturbed } = contention
  const percent = (share: number) => `${Math.round(share * 100)} %`
  const shares = Object.entries(left).map(([part, { median, worst }]) => {
    return `${part} ${percent(median)} (${percent(worst)})`
  })
  const busy = `busy at ${busyLooks} of ${looks} looks`
  const line = `${section}: ${Math.round(seconds)} s; ${busy}; left were ${shares.join(', ')}`
  return disturbed ? `${line}; DISTURBED` : line
}

/** The same for a program. */
export function writeJson(path: string, results: readonly SectionResult[], quick: boolean): void {
  mkdirSync(dirname(path), { recursive: true })
  const machine = {
    node: process.version,
    sqlite: sqliteVersion(),
    system: `${platform()} ${release()}`,
    cpu: cpus()[0]?.model ?? null,
    cpus: cpus().length,
    loadAverage: loadavg()
  }
  writeFileSync(path, `${JSON.stringify({ quick, machine, sections: results }, null, 2)}\n`)
}

function sqliteVersion(): unknown {
  const sqlite = new Database(':memory:')
  const version = sqlite.prepare('select sqlite_version()').pluck().get()
  sqlite.close()
  return version
}
