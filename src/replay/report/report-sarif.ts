import { createHash } from 'node:crypto'
import type { Story } from '../counterexample/story.ts'
import { bearings, findingTitle, type ReplayReport, type ReportedFinding } from './replay-report.ts'
import { stepTitleOf } from './story-text.ts'

const schema = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json'

/**
 * SARIF 2.1.0: a rule for each invariant that broke, a result for each finding at the evidence before it, and its
 * story as a thread flow. What the policy promises is an error, a hazard a warning.
 */
export function sarifReport(report: ReplayReport): object {
  const { klplog, findings, complete, request } = report
  const rules = [...new Map(findings.map(({ invariant, says }) => [invariant, says]))]
  return {
    $schema: schema,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'klplog',
            version: klplog,
            rules: rules.map(([id, says]) => ({ id, shortDescription: { text: says } }))
          }
        },
        invocations: [{ executionSuccessful: complete }],
        automationDetails: { id: `klplog replay/${request.stream}/${request.policy}` },
        properties: Object.fromEntries(bearings(report)),
        results: findings.map((finding) =>
          resultOf(
            finding,
            request.stream,
            rules.findIndex(([id]) => id === finding.invariant)
          )
        )
      }
    ]
  }
}

function resultOf(finding: ReportedFinding, stream: string, ruleIndex: number): object {
  const { invariant, promised, evidence, story, digest, subject, faults } = finding
  return {
    ruleId: invariant,
    ruleIndex,
    level: promised ? 'error' : 'warning',
    message: { text: findingTitle(finding) },
    locations: [
      {
        ...(evidence === null
          ? {}
          : {
              physicalLocation: {
                artifactLocation: { uri: uriOf(evidence.source) },
                region: { startLine: Math.max(1, evidence.line) }
              }
            }),
        logicalLocations: [
          { fullyQualifiedName: `${stream}@${evidence?.position ?? 0}`, name: subject, kind: 'event' }
        ]
      }
    ],
    partialFingerprints: {
      'klplog/v1': fingerprint(invariant, subject, ...faults.map(({ fault }) => fault))
    },
    ...(story === null ? {} : { codeFlows: [{ threadFlows: [threadFlow(story)] }] }),
    properties: { digest, faults: faults.map(({ fault }) => fault) }
  }
}

function threadFlow({ steps }: Story): object {
  return {
    locations: steps.map((step, n) => ({
      executionOrder: n + 1,
      importance: step.wrong.length > 0 ? 'essential' : 'important',
      location: { message: { text: [stepTitleOf(step), ...step.changes, ...step.wrong].join('\n') } }
    }))
  }
}

/** A path as a relative or file URI: a viewer looks for it where the evidence lies. */
function uriOf(source: string): string {
  const path = source.split('/').map(encodeURIComponent).join('/')
  return source.startsWith('/') ? `file://${path}` : path
}

/** The same finding has the same fingerprint in every report. */
function fingerprint(...words: readonly string[]): string {
  return createHash('sha256').update(words.join('\n')).digest('hex').slice(0, 32)
}
