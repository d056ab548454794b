import type { Page } from '../app/page.ts'
import type { Session } from '../app/session.ts'
import type { Finding } from '../history/findings.ts'
import { lengthText, uptimeText } from '../history/times.ts'

const words = { violation: 'violation', hazard: 'hazard', gap: 'gap', doubt: 'unsure' } as const

/** Gaps, violations and missing evidence: what a reader should look at first. */
export function FindingList({ page, session }: { page: Page; session: Session | null }) {
  if (session === null) return null
  const { findings } = session
  return (
    <section class="findings" aria-labelledby="findings-title">
      <h2 id="findings-title">
        {findings.length === 0 ? 'No gap, no violation' : `${findings.length} to look at`}
      </h2>
      <ul>
        {findings.map((finding) => (
          <li key={`${finding.kind} ${finding.title} ${finding.fromNs}`}>
            <button type="button" class="finding" onClick={() => page.show(finding)}>
              <span class={`badge badge-${finding.kind}`}>
                {words[finding.kind]} {finding.law}
              </span>{' '}
              <span class="time">{whenText(finding)}</span>{' '}
              <span class="finding-text" title={finding.text ?? finding.title}>
                <strong>{finding.title}</strong>
                {firstCause(finding)}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}

function whenText({ kind, fromNs, toNs }: Finding): string {
  if (toNs !== null) return `${uptimeText(fromNs)}, ${lengthText(toNs - fromNs)}`
  return kind === 'gap' || kind === 'doubt'
    ? `since ${uptimeText(fromNs)}, still`
    : `at ${uptimeText(fromNs)}`
}

/** The first cause is what somebody did; what followed from it the timeline shows. */
function firstCause({ text, unsure }: Finding): string {
  const [first = '', ...more] = (text ?? '').split('; then ')
  const end = more.length === 0 ? '' : (/; taken over by .*$/.exec(text ?? '')?.[0] ?? '')
  return `${first === '' ? '' : `: ${first}`}${end}${unsure === null ? '' : ` (unsure: ${unsure})`}`
}
