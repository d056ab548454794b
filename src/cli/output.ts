import Table from 'cli-table3'
import { type Command, Option } from 'commander'
import type { App } from './app.ts'

export { counted } from '../projections/index.ts'

export type Format = 'table' | 'json' | 'jsonl'

/** What `withOutput` has commander parse. */
export interface OutputOptions {
  readonly output?: Format
  readonly json?: boolean
}

/** Adds `-o` and `-j` to a command. */
export function withOutput(command: Command): Command {
  return command
    .addOption(
      new Option('-o, --output <format>', 'how to print it')
        .choices(['table', 'json', 'jsonl'])
        .default('table')
    )
    .option('-j, --json', 'the same as -o json')
}

export function formatOf({ output = 'table', json = false }: OutputOptions): Format {
  return json ? 'json' : output
}

/**
 * Prints one answer: as `value`'s JSON, or as what `asTable` makes of it. An array is a line for each of its
 * elements in jsonl.
 */
export async function printAnswer(
  app: App,
  options: OutputOptions,
  value: unknown,
  asTable: () => string
): Promise<void> {
  const format = formatOf(options)
  if (format === 'table') return app.print(asTable())
  if (format === 'json') return app.print(toJson(value, app.io.stdout.isTTY === true))
  for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) await app.print(toJson(one))
}

/**
 * Prints rows while they come, page by page: for answers that may be longer than the memory. Returns how many.
 */
export async function printRows<Row>(
  app: App,
  options: OutputOptions,
  pages: AsyncIterable<readonly Row[]>,
  text: (row: Row) => string
): Promise<number> {
  const format = formatOf(options)
  const spaces = app.io.stdout.isTTY === true
  let before = '['
  let count = 0
  for await (const page of pages) {
    if (page.length === 0) continue
    count += page.length
    if (format === 'json') {
      const rows = page.map((row) => toJson(row, spaces))
      await app.print(`${before}${rows.join(',\n')}`)
      before = ','
    } else {
      await app.print(page.map((row) => (format === 'jsonl' ? toJson(row) : text(row))).join('\n'))
    }
  }
  if (format === 'json') await app.print(count === 0 ? '[]' : ']')
  return count
}

/** JSON; integers beyond a double's are strings. */
export function toJson(value: unknown, pretty = false): string {
  const text = JSON.stringify(
    value,
    (_, one: unknown) => (typeof one === 'bigint' ? String(one) : one),
    pretty ? 2 : 0
  )
  return text
}

/** What a cell shows; null is a dash. */
export type CellValue = string | number | bigint | boolean | null

/** A cell with a colour of `app.colors`. */
export interface ColoredCell {
  readonly value: CellValue
  readonly color: (text: string) => string
}

export interface Column {
  readonly head: string
  readonly align?: 'left' | 'right'
}

/** Plain columns under a header, as kpatch and git print them. */
export function table(
  app: App,
  columns: readonly Column[],
  rows: readonly (readonly (CellValue | ColoredCell)[])[]
): string {
  const made = new Table({
    head: columns.map(({ head }) => app.colors.bold(head)),
    colAligns: columns.map(({ align = 'left' }) => align),
    chars: borderless,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2, compact: true }
  })
  for (const row of rows) made.push(row.map(cellText))
  return made
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

const borderless = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: ''
}

function cellText(cell: CellValue | ColoredCell): string {
  if (cell !== null && typeof cell === 'object') return cell.color(cellText(cell.value))
  if (cell === null) return '-'
  if (typeof cell === 'boolean') return cell ? 'yes' : 'no'
  return visible(String(cell))
}

/** Text from evidence as a terminal may have it: control characters are spelt out, none is obeyed. */
export function visible(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for
  return text.replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029]/g, (char) => {
    const code = char.charCodeAt(0)
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`
  })
}

/** Wall time to the microsecond, `2026-11-20 14:03:07.123456`, in the local time zone or in UTC. */
export function wallTime(ns: bigint, { utc }: Pick<App, 'utc'>): string {
  const micros = ns / 1000n - (ns % 1000n < 0n ? 1n : 0n)
  const date = new Date(Number(micros / 1000n))
  const local = utc ? date : new Date(date.getTime() - date.getTimezoneOffset() * 60_000)
  const fraction = String(((micros % 1_000_000n) + 1_000_000n) % 1_000_000n).padStart(6, '0')
  return `${local.toISOString().slice(0, 19).replace('T', ' ')}.${fraction}${utc ? 'Z' : ''}`
}
