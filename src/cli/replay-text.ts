import { seconds } from '../projections/index.ts'
import { bearings, faultText, type ReplayReport, type ReportedFinding, storyLines } from '../replay/index.ts'
import type { App } from './app.ts'
import { counted, visible } from './output.ts'

type Colors = App['colors']

/** A report as a person reads it. */
export function replayText(colors: Colors, report: ReplayReport): string {
  const { findings, request, operations, injections, complete, digest } = report
  const head = bearings(report).map(([name, value]) => `${colors.dim(name.padEnd(10))}${visible(value)}`)
  const swept =
    request.faults.length === 0
      ? `${counted(operations, 'operation')} performed again`
      : `${counted(injections, 'injection')} of ${counted(request.faults.length, 'fault')} over ${counted(operations, 'operation')}`
  return [
    ...head,
    '',
    `${swept}${complete ? '' : ', stopped before the end'}`,
    `without faults the state at the end is ${digest.slice(0, 16)}, ${endText(report)}`,
    findings.length === 0
      ? colors.green('no invariant breaks')
      : colors.red(`${counted(findings.length, 'violation')} found`),
    ...findings.flatMap((finding, n) => ['', ...findingLines(colors, finding, n)]),
    ...evidenceLines(colors, report)
  ].join('\n')
}

/** A line for each source and fault: how often the answers were the same, unsure, wrong as no evidence shows, wrong. */
function evidenceLines(colors: Colors, { evidence }: ReplayReport): string[] {
  if (evidence.length === 0) return []
  const heads = ['SOURCE', 'FAULT', 'PLACES', 'EQUAL', 'UNSURE', 'HIDDEN', 'WRONG FOR A TIME', 'WRONG']
  const rows = evidence.map(({ source, fault, places, equal, unsure, hidden, late, wrong }) =>
    [visible(source), fault, places, equal, unsure, hidden, late, wrong].map(String)
  )
  const widths = heads.map((head, n) => Math.max(head.length, ...rows.map((row) => row[n]?.length ?? 0)))
  const line = (cells: readonly string[]) =>
    cells.map((cell, n) => (n < 2 ? cell.padEnd(widths[n] ?? 0) : cell.padStart(widths[n] ?? 0))).join('  ')
  const falsehoods = evidence.flatMap(({ fault, first }) =>
    first === null
      ? []
      : [
          `${fault} (seed ${first.seed}), from +${seconds(first.fromNs)}: ${visible(first.what)}`,
          first.hidden
            ? colors.dim('  no evidence shows it: the model explains all that is left')
            : colors.red('  the evidence shows it: a fault of klplog')
        ]
  )
  return [
    '',
    colors.bold(line(heads)),
    ...rows.map(line),
    ...(falsehoods.length === 0 ? [] : ['', ...falsehoods])
  ]
}

function endText({ differences }: ReplayReport): string {
  if (differences.length === 0) return 'as recorded'
  return `not as recorded (- recorded, + model):\n${differences.map((line) => `  ${visible(line)}`).join('\n')}`
}

function findingLines(colors: Colors, finding: ReportedFinding, n: number): string[] {
  const { invariant, text, promised, faults, times, uptimeNs, story } = finding
  const kind = promised ? colors.red('violation') : colors.yellow('hazard')
  const runs = times === 1 ? '' : `, in ${times} runs`
  const causes = faults.map((one) => `   with ${visible(faultText(one))}, +${seconds(one.uptimeNs)}`)
  const told =
    story === null
      ? ['no shorter run from the boot on shows it']
      : storyLines(story).map((line) => visible(line))
  return [
    `${colors.bold(`${n + 1}  ${invariant}  ${visible(text)}`)}`,
    `   ${kind} at +${seconds(uptimeNs)}${runs}`,
    ...causes,
    ...told.map((line) => `   ${line.includes('✗') ? colors.red(line) : line}`)
  ]
}
