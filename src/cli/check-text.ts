import type { Policy, StreamInfo } from '../events/index.ts'
import { eventSentence } from '../projections/index.ts'
import type { CheckFinding, Invariant } from '../replay/index.ts'
import type { App } from './app.ts'
import { diffSections } from './diff-lines.ts'
import { counted, visible } from './output.ts'
import type { StreamTimes } from './question.ts'
import { actorText, countedAs, durationText } from './wording.ts'

/** What a check found in one boot. */
export interface CheckedStream {
  readonly stream: StreamInfo
  readonly policy: Policy
  readonly invariants: readonly Invariant[]
  readonly findings: readonly CheckFinding[]
  readonly times: StreamTimes
}

/** What a check found, for who has to act on it: deed by deed what came of it, and how much of which kind there is. */
export function checkText(app: App, checked: CheckedStream): string {
  const { stream, policy, findings } = checked
  const promised = findings.filter(({ violation }) => violation.promised).length
  const hazards = findings.length - promised
  const sum = [
    ...(promised > 0 ? [`${countedAs(promised, 'broken promise', 'broken promises')} of ${policy}`] : []),
    ...(hazards > 0 ? [counted(hazards, 'hazard')] : [])
  ].join(', ')
  const deeds = new Map<number, CheckFinding[]>()
  for (const finding of findings) {
    const key = finding.cause?.position ?? 0
    deeds.set(key, [...(deeds.get(key) ?? []), finding])
  }
  const blocks = [...deeds.values()].map((group) => deedText(app, checked, group))
  const end = `${stream.stream}: ${sum === '' ? 'nothing found' : sum}`
  return [...blocks, app.colors.bold(end)].join('\n\n')
}

/** One deed, and all that came of it; what it changed is said once. */
function deedText(app: App, checked: CheckedStream, findings: readonly CheckFinding[]): string {
  const said = new Set<string>()
  const lines = [app.colors.bold(visible(causeText(checked, findings[0])))]
  for (const finding of findings) {
    lines.push('', ...findingLines(app, checked, finding))
    const changes = diffSections(finding.diff).flatMap(({ head, changes: own }) =>
      own.map((line) => (head === 'modules' ? `${line} (module)` : line))
    )
    const news = changes.filter((line) => !said.has(line))
    news.forEach((line, n) => {
      said.add(line)
      lines.push(row(n === 0 ? 'changed' : '', line))
    })
  }
  return lines.join('\n')
}

function findingLines(app: App, checked: CheckedStream, finding: CheckFinding): string[] {
  const { colors } = app
  const { violation, event } = finding
  const kind = violation.promised ? colors.red('broken promise') : colors.yellow('hazard')
  const { source, line, raw } = event.evidence
  return [
    `  ${colors.bold(violation.invariant)} ${kind}: ${visible(violation.text)}`,
    row('since', sinceText(checked, finding)),
    ...(violation.unsure === null ? [] : [row('unsure', violation.unsure)]),
    row('avoidable', avoidableText(checked, finding)),
    row('law', lawText(checked, finding)),
    row('shown by', `@${event.position} ${source}:${line}: ${raw.trim()}`)
  ]
}

function row(head: string, text: string): string {
  return `    ${head.padEnd(10)}${visible(text)}`
}

function causeText({ times }: CheckedStream, finding: CheckFinding | undefined): string {
  const cause = finding?.cause ?? null
  if (cause === null) return 'What had been done before the history began'
  const command = finding?.command
  const what = command?.type === 'command.ran' ? `\`${command.data.command}\`` : eventSentence(cause)
  const actor = actorText(('actor' in cause.data ? cause.data.actor : null) ?? null)
  return `${what}${actor === null ? '' : ` by ${actor}`} at ${times.long(cause.uptimeNs)} (@${cause.position})`
}

function lawText({ invariants, policy }: CheckedStream, { violation }: CheckFinding): string {
  const law = invariants.find(({ id }) => id === violation.invariant)
  const whose = violation.promised ? `${policy} has to keep this.` : `${policy} does not promise this.`
  return `${law?.says ?? ''} ${whose}`
}

function sinceText({ times, stream }: CheckedStream, { violation, ended }: CheckFinding): string {
  const { fromNs, toNs, lasting } = violation
  const since = times.long(fromNs)
  if (!lasting) return `${since}: a single step`
  if (toNs === null)
    return `${since}, and still so when the history ends ${durationText(stream.lastNs - fromNs)} later`
  const until = ended === null ? '' : `, until ${eventSentence(ended)} (@${ended.position})`
  return `${since}, for ${durationText(toNs - fromNs)}${until}`
}

function avoidableText({ times }: CheckedStream, { avoidable }: CheckFinding): string {
  if (avoidable === null) return 'by nothing that was tried, as far as was looked back'
  const { next, ifOnly } = avoidable
  return `until ${times.short(next.uptimeNs)} (before @${next.position}), if ${ifOnly}`
}
