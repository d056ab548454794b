import { writeFile } from 'node:fs/promises'
import { extname } from 'node:path'
import pc from 'picocolors'
import { htmlReport, junitReport, type ReplayReport, sarifReport } from '../replay/index.ts'
import type { App } from './app.ts'
import { UsageError } from './errors.ts'
import { toJson } from './output.ts'
import { replayText } from './replay-text.ts'

export const replayFormats = ['table', 'json', 'jsonl', 'junit', 'sarif', 'html'] as const
export type ReplayFormat = (typeof replayFormats)[number]

const formatOfExtension: Readonly<Record<string, ReplayFormat>> = {
  '.txt': 'table',
  '.json': 'json',
  '.jsonl': 'jsonl',
  '.xml': 'junit',
  '.sarif': 'sarif',
  '.html': 'html'
}

/** The format that a file's name asks for. */
export function formatOfFile(path: string): ReplayFormat {
  const format = formatOfExtension[extname(path).toLowerCase()]
  if (format !== undefined) return format
  const all = Object.entries(formatOfExtension).map(([extension, name]) => `  ${extension.padEnd(7)}${name}`)
  throw new UsageError(
    `--report ${path}: its extension names no format`,
    `The extensions are:\n${all.join('\n')}`
  )
}

/** The report in a format, without a line end behind it. */
export function rendered(
  report: ReplayReport,
  format: ReplayFormat,
  colors: App['colors'],
  pretty: boolean
): string {
  switch (format) {
    case 'table':
      return replayText(colors, report)
    case 'json':
      return toJson(report, pretty)
    case 'jsonl':
      return report.findings.map((finding) => toJson(finding)).join('\n')
    case 'junit':
      return junitReport(report).trimEnd()
    case 'sarif':
      return toJson(sarifReport(report), true)
    case 'html':
      return htmlReport(report).trimEnd()
  }
}

/** Writes a report to files, each in the format of its extension. */
export async function writeReports(app: App, report: ReplayReport, paths: readonly string[]): Promise<void> {
  const colors = pc.createColors(false)
  for (const path of paths) {
    await writeFile(path, `${rendered(report, formatOfFile(path), colors, true)}\n`)
    await app.note(`${path} is written`)
  }
}
