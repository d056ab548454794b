import { escaped } from './markup.ts'
import {
  bearings,
  faultText,
  findingTitle,
  type ReplayReport,
  type ReportedFinding
} from './replay-report.ts'
import { storyLines } from './story-text.ts'

/**
 * JUnit XML, as CI systems read it: a test case for each fault that was swept, or, without faults, for each invariant
 * that broke and one for the state at the end; a failure for each violation.
 */
export function junitReport(report: ReplayReport): string {
  const cases = report.request.faults.length > 0 ? faultCases(report) : recordedCases(report)
  const failures = report.findings.length + (report.request.faults.length === 0 && isOther(report) ? 1 : 0)
  const properties = bearings(report).map(
    ([name, value]) => `      <property name="${escaped(name)}" value="${escaped(value)}"/>`
  )
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="klplog replay" tests="${cases.length}" failures="${failures}" errors="0">`,
    `  <testsuite name="${escaped(report.request.stream)}" tests="${cases.length}" failures="${failures}" errors="0" skipped="0">`,
    '    <properties>',
    ...properties,
    '    </properties>',
    ...cases,
    '  </testsuite>',
    '</testsuites>',
    ''
  ].join('\n')
}

function faultCases({ request, findings }: ReplayReport): string[] {
  const pairs = findings.filter(({ faults }) => faults.length > 1)
  const single = request.faults.map((asked) => {
    const name = asked.split('@')[0] ?? asked
    const mine = findings.filter(({ faults }) => faults.length === 1 && faults[0]?.fault === name)
    return testCase(request.policy, asked, mine.map(failure))
  })
  return [...single, ...pairs.map((pair) => testCase(request.policy, nameOf(pair), [failure(pair)]))]
}

function recordedCases(report: ReplayReport): string[] {
  const { request, differences, findings } = report
  const differs = isOther(report)
    ? [`<failure message="the model comes to another state">${escaped(differences.join('\n'))}</failure>`]
    : []
  return [
    testCase(request.policy, 'comes to the recorded state', differs),
    ...findings.map((one) => testCase(request.policy, `${one.invariant} ${one.subject}`, [failure(one)]))
  ]
}

function isOther({ differences }: ReplayReport): boolean {
  return differences.length > 0
}

function nameOf({ faults }: ReportedFinding): string {
  return faults.map(({ fault }) => fault).join(' + ')
}

function testCase(policy: string, name: string, failures: readonly string[]): string {
  const open = `    <testcase classname="klplog.replay.${escaped(policy)}" name="${escaped(name)}"`
  if (failures.length === 0) return `${open}/>`
  return [`${open}>`, ...failures.map((one) => `      ${one}`), '    </testcase>'].join('\n')
}

function failure(finding: ReportedFinding): string {
  const { invariant, promised, faults, story, says } = finding
  const body = [
    ...faults.map(faultText),
    ...(story === null ? [`${invariant}: ${says}`] : storyLines(story))
  ].join('\n')
  const type = `${invariant} ${promised ? 'violation' : 'hazard'}`
  return `<failure type="${escaped(type)}" message="${escaped(findingTitle(finding))}">${escaped(body)}</failure>`
}
