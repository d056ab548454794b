import type { Policy } from '../../events/index.ts'
import type { Finding } from './check-history.ts'

/** A finding as `klplog check -o json` gives it. */
export function findingRow(stream: string, policy: Policy, finding: Finding) {
  const { violation, event, cause, command, ended, before, diff, avoidable } = finding
  const { invariant, subject, text, promised, lasting, fromNs, toNs, unsure } = violation
  return {
    stream,
    policy,
    invariant,
    promised,
    subject,
    text,
    position: event.position,
    fromNs: String(fromNs),
    toNs: toNs === null ? null : String(toNs),
    durationNs: toNs === null ? null : String(toNs - fromNs),
    lasting,
    ended: ended === null ? null : { position: ended.position, type: ended.type },
    unsure,
    cause: cause === null ? null : { position: cause.position, type: cause.type, actor: actorOf(cause) },
    command:
      command?.type === 'command.ran'
        ? { position: command.position, command: command.data.command, actor: command.data.actor }
        : null,
    evidence: [evidenceOf(finding)],
    before: { position: before.position, uptimeNs: String(before.uptimeNs) },
    diff,
    avoidable:
      avoidable === null
        ? null
        : {
            position: avoidable.position,
            uptimeNs: String(avoidable.uptimeNs),
            ifOnly: avoidable.ifOnly,
            next: { position: avoidable.next.position, type: avoidable.next.type }
          }
  }
}

function actorOf({ data }: Finding['event']) {
  return 'actor' in data ? data.actor : null
}

function evidenceOf({ event: { evidence } }: Finding) {
  const { source, line, raw, inferred = false } = evidence
  return { source, line, raw, inferred }
}
