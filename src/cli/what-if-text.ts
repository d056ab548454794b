import { errnoName, type GapRow } from '../projections/index.ts'
import type { WhatIfAnswer, WhatIfStepRow } from '../replay/index.ts'
import type { App } from './app.ts'
import { takeoverText } from './gap-rows.ts'
import { type CellValue, type ColoredCell, counted, table, visible } from './output.ts'
import type { StreamTimes } from './question.ts'
import { milliseconds } from './wording.ts'

/** The answer for people: the steps side by side, where they part, and the gaps of each. */
export function whatIfText(app: App, times: StreamTimes, answer: WhatIfAnswer): string {
  const { bold, dim, green } = app.colors
  const lines = [bold(`What if ${visible(answer.stream)} had run ${changeText(answer)}?`)]
  for (const one of answer.assumed) lines.push(dim(`  ${visible(one)}`))
  lines.push('', stepTable(app, times, answer), '')
  const first = answer.steps.find(({ differs }) => differs)
  lines.push(...(first === undefined ? [green('Nothing differs.')] : partingLines(times, answer, first)))
  lines.push('', ...gapLines(app, times, answer))
  if (answer.unsure !== null) lines.push('', `Unsure: ${visible(answer.unsure)}`)
  return lines.join('\n')
}

function changeText({ policy, recordedPolicy, with: added, without }: WhatIfAnswer): string {
  const parts = [
    policy === recordedPolicy ? policy : `${policy} in place of ${recordedPolicy}`,
    ...(added.length === 0 ? [] : [`with ${added.join(', ')}`]),
    ...(without.length === 0 ? [] : [`without ${without.join(', ')}`])
  ]
  return parts.join(', ')
}

function stepTable(app: App, times: StreamTimes, { steps }: WhatIfAnswer): string {
  const { red, yellow } = app.colors
  const cell = (side: WhatIfStepRow['recorded'], differs: boolean): CellValue | ColoredCell => {
    if (side === null) return null
    const text = side.errno === 0 ? 'done' : errnoName(side.errno)
    return differs && side.errno !== 0 ? { value: text, color: red } : text
  }
  return table(
    app,
    ['AT', 'OPERATION', 'RECORDED', 'WHAT IF', 'WHERE THEY PART'].map((head) => ({ head })),
    steps.map((step) => [
      times.short(step.uptimeNs),
      step.operation,
      cell(step.recorded, step.differs),
      cell(step.whatIf, step.differs),
      step.differs ? { value: partingText(step), color: yellow } : ''
    ])
  )
}

function partingText({ recorded, whatIf, movedTo }: WhatIfStepRow): string {
  if (recorded === null && whatIf?.parts === null) return 'only in the what-if'
  if (whatIf === null) return 'not in the what-if'
  if (movedTo !== null && whatIf.errno === 0) return `now on ${movedTo}`
  return whatIf.parts ?? `no more: ${recorded?.parts ?? 'it ends otherwise'}`
}

function partingLines(times: StreamTimes, { steps }: WhatIfAnswer, first: WhatIfStepRow): string[] {
  const count = steps.filter(({ differs }) => differs).length
  const side = (one: WhatIfStepRow['recorded']) => {
    if (one === null) return 'does not happen'
    const outcome = one.errno === 0 ? 'done' : `refused with ${errnoName(one.errno)} (${one.errno})`
    return one.parts === null ? outcome : `${outcome}; ${one.parts}`
  }
  return [
    `They part at ${times.long(first.uptimeNs)}, ${visible(first.operation)}; ${count} of ${steps.length} steps differ:`,
    `  recorded: ${visible(side(first.recorded))}`,
    `  what if:  ${visible(side(first.whatIf))}`
  ]
}

function gapLines(
  app: App,
  times: StreamTimes,
  { gaps, recordedPolicy, policy, steps }: WhatIfAnswer
): string[] {
  const { bold } = app.colors
  const rows = (side: string, list: readonly GapRow[]) => list.map((gap) => gapCells(times, side, gap))
  const refused = steps
    .filter(({ recorded, whatIf }) => recorded?.errno === 0 && whatIf !== null && whatIf.errno !== 0)
    .filter(({ operation }) => operation.startsWith('attach '))
    .map(
      ({ operation, whatIf }) => `${operation} is refused in the what-if: ${errnoName(whatIf?.errno ?? 0)}`
    )
  const both = [
    ...rows(`recorded, ${recordedPolicy}`, gaps.recorded),
    ...rows(`what if, ${policy}`, gaps.whatIf)
  ]
  const heads = ['HISTORY', 'PROGRAM', 'FUNCTION', 'FROM', 'TO', 'MS', 'REASON', 'TAKEN OVER BY']
  const shown =
    both.length === 0
      ? []
      : [
          table(
            app,
            heads.map((head) => ({ head, align: head === 'MS' ? 'right' : 'left' })),
            both
          )
        ]
  return [
    bold('Hook gaps'),
    ...shown,
    sumText(`recorded, ${recordedPolicy}`, gaps.recorded),
    sumText(`what if, ${policy}`, gaps.whatIf),
    ...refused
  ]
}

/** The claim in numbers. */
function sumText(side: string, gaps: readonly GapRow[]): string {
  if (gaps.length === 0) return `${side}: no gap`
  const ended = gaps.reduce((sum, { durationNs }) => sum + BigInt(durationNs ?? 0), 0n)
  const lasting = gaps.filter(({ durationNs }) => durationNs === null).length
  const still = lasting === 0 ? '' : `, and ${lasting} that ${lasting === 1 ? 'lasts' : 'last'}`
  return `${side}: ${counted(gaps.length, 'gap')}, ${milliseconds(ended)} ms in all${still}`
}

function gapCells(times: StreamTimes, side: string, gap: GapRow): (CellValue | ColoredCell)[] {
  return [
    side,
    gap.program,
    gap.function,
    times.short(gap.fromNs),
    gap.toNs === null ? 'still' : times.short(gap.toNs),
    gap.durationNs === null ? null : milliseconds(BigInt(gap.durationNs)),
    gap.reason.split('; then ')[0] ?? '',
    takeoverText(gap)
  ]
}
