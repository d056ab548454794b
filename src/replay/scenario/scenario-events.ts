import { createHash } from 'node:crypto'
import type { NewEvent } from '../../events/index.ts'
import type { DatedFact, ScenarioResult } from './run-scenario.ts'
import type { Scenario } from './scenario.ts'

/**
 * What a scenario's run would have left as evidence: its facts as events whose evidence are the steps, and whose
 * ids follow from the scenario's text, the kernel and the step.
 */
export function scenarioEvents(scenario: Scenario, result: ScenarioResult, source: string): NewEvent[] {
  const seed = createHash('sha256')
    .update(`${result.policy} ${result.kernel}\n${scenario.text}`)
    .digest('hex')
  const event = (fact: DatedFact, step: number, n: number, line: number, raw: string): NewEvent => ({
    ...fact,
    wallNs: null,
    id: createHash('sha256').update(`${seed} ${step} ${n}`).digest('hex').slice(0, 32),
    evidence: { source, line, raw }
  })
  const { title, titleLine } = scenario
  return [
    ...result.beginning.map((fact, n) => event(fact, 0, n, titleLine, title)),
    ...result.steps.flatMap(({ facts, step }, s) =>
      facts.map((fact, n) => event(fact, s + 1, n, step.line, step.text))
    )
  ]
}
