import type { StoryStep } from '../counterexample/story.ts'
import { escaped } from './markup.ts'
import { pageStyle } from './page-style.ts'
import {
  bearings,
  faultText,
  findingTitle,
  type ReplayReport,
  type ReportedFinding
} from './replay-report.ts'
import { lanesSvg } from './story-lanes.ts'
import { stepTitleOf } from './story-text.ts'

/** One page that needs nothing but itself: what was replayed, what broke, and each finding's story with its lanes. */
export function htmlReport(report: ReplayReport): string {
  const { findings, request, operations, injections, complete } = report
  const title = `klplog replay of ${request.stream}`
  const swept = `${operations} operations, ${injections} injections${complete ? '' : ', stopped before the end'}`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(title)}</title>
<style>${pageStyle}</style>
</head>
<body>
<h1>${escaped(title)}</h1>
<dl>${bearings(report).map(fact).join('')}${fact(['swept', swept])}${fact(['faults', request.faults.join(', ') || 'none'])}</dl>
<p class="${findings.length === 0 ? 'fine' : 'broken'}">${verdict(findings.length)}</p>
${endSection(report)}
${contents(findings)}
${findings.map(section).join('\n')}
</body>
</html>
`
}

function fact([name, value]: readonly [string, string]): string {
  return `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`
}

function verdict(count: number): string {
  if (count === 0) return 'No invariant breaks.'
  return count === 1 ? 'One violation was found.' : `${count} violations were found.`
}

function endSection({ differences }: ReplayReport): string {
  if (differences.length === 0) return '<p>Without faults the model comes to the recorded state.</p>'
  const lines = differences.map((line) => `<li><code>${escaped(line)}</code></li>`).join('')
  return `<p>Without faults the model comes to another state than the recorded one (- recorded, + model):</p><ul>${lines}</ul>`
}

function contents(findings: readonly ReportedFinding[]): string {
  if (findings.length < 2) return ''
  const rows = findings.map(
    (one, n) => `<li><a href="#finding-${n + 1}">${escaped(findingTitle(one))}</a></li>`
  )
  return `<nav><ol>${rows.join('')}</ol></nav>`
}

function section(finding: ReportedFinding, n: number): string {
  const { invariant, promised, says, text, faults, story, scenario, times, digest } = finding
  const causes = faults.map((one) => `<li>${escaped(faultText(one))}</li>`).join('')
  const kind = promised ? 'a broken promise' : 'a hazard'
  return `<section id="finding-${n + 1}">
<h2><span class="id">${escaped(invariant)}</span> ${escaped(text)}</h2>
<p>${escaped(says)} <em>(${kind}, seen in ${times} ${times === 1 ? 'run' : 'runs'})</em></p>
${causes === '' ? '<p>It breaks as recorded, without any fault.</p>' : `<ul>${causes}</ul>`}
${story === null ? '<p>No shorter run shows it.</p>' : `<div class="lanes">${lanesSvg(story)}</div>\n<ol>${story.steps.map(step).join('')}</ol>\n<p>${escaped(story.why)}</p>`}
${scenario === null ? '' : `<details><summary>As a scenario for klplog simulate</summary><pre>${escaped(scenario)}</pre></details>`}
<p class="digest">state at the end: ${digest}</p>
</section>`
}

function step(one: StoryStep): string {
  const changes = one.changes.map((line) => `<div class="change">${escaped(line)}</div>`).join('')
  const wrong = one.wrong.map((text) => `<div class="wrong">✗ ${escaped(text)}</div>`).join('')
  return `<li><strong>${escaped(stepTitleOf(one))}</strong>${changes}${wrong}</li>`
}
