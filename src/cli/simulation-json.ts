import { functionViews, hookRows, stackView } from '../projections/index.ts'
import type { Scenario, ScenarioResult, StepResult } from '../replay/index.ts'

/** A scenario's run as `klplog simulate -o json` prints it; what breaks only where it was asked for. */
export function simulationJson(
  scenario: Scenario,
  { steps, policy, kernel, failures, end, ok }: ScenarioResult,
  { check = false }: { readonly check?: boolean }
) {
  return {
    title: scenario.title,
    policy,
    kernel,
    ok,
    steps: steps.map((step) => ({
      line: step.step.line,
      step: step.title,
      uptimeNs: step.startNs,
      errno: step.errno,
      changes: step.changes,
      log: step.log,
      failures: step.failures,
      ...(check ? { violations: violationsJson(step) } : {})
    })),
    failures,
    end: { stack: stackView('', end), functions: functionViews(end), hooks: hookRows(end) }
  }
}

function violationsJson({ violations }: StepResult) {
  return violations.map(({ invariant, subject, text, promised }) => ({ invariant, subject, text, promised }))
}
