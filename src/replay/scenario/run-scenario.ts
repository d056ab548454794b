import type { Fact, Policy } from '../../events/index.ts'
import {
  hybrid,
  isSyscallEntry,
  linux72,
  linux612,
  mainline,
  type Operation,
  type PolicyRules,
  perform,
  replaceSet,
  type World
} from '../../kernel/index.ts'
import {
  Changes,
  decodeState,
  diffStates,
  emptyState,
  encodeState,
  evolve,
  type KernelState,
  type StateDiff
} from '../../projections/index.ts'
import type { Violation } from '../engine/violation.ts'
import { Watch } from '../engine/watch.ts'
import { invariantsFor } from '../invariants/catalogue.ts'
import { checkErrno, checkState, type Failure } from './check-expectation.ts'
import type { Scenario, ScenarioStep } from './scenario.ts'
import { NoSuchTask, operationsOf, stepTitle } from './step-operations.ts'

/** Which kernel the scenario runs on, where it is not the scenario's own. */
export interface ScenarioKernel {
  readonly policy?: Policy
  readonly kernel?: Scenario['kernel']
}

/** A fact, and when it became true. */
export type DatedFact = Fact & { readonly uptimeNs: bigint }

export interface StepResult {
  readonly step: ScenarioStep
  readonly title: string
  readonly startNs: bigint
  /** 0, or the positive errno of the refusal. */
  readonly errno: number
  readonly facts: readonly DatedFact[]
  readonly before: KernelState
  readonly after: KernelState
  readonly changes: StateDiff
  /** Lines of the kernel log. */
  readonly log: readonly string[]
  readonly failures: readonly Failure[]
  /** The invariants that broke in the step. */
  readonly violations: readonly Violation[]
}

export interface ScenarioResult {
  readonly policy: Policy
  readonly kernel: Scenario['kernel']
  /** What is true before the first step: the boot, and the tasks that are there. */
  readonly beginning: readonly DatedFact[]
  readonly steps: readonly StepResult[]
  readonly end: KernelState
  /** What of the expectation for the end does not hold. */
  readonly failures: readonly Failure[]
  /** Whether all that the scenario expects holds. */
  readonly ok: boolean
}

/** The policies by their names. */
export const rulesOf: Readonly<Record<Policy, PolicyRules>> = { mainline, hybrid, 'replace-set': replaceSet }
/** The kernels by their versions. */
export const traitsOf = { '6.12': linux612, '7.2': linux72 } as const

const usualWaitNs = 100_000_000n
/** The delayed work of a transition runs once a second. */
const tryEveryNs = 1_000_000_000n
/** More rounds than any transition needs whose tasks let it go on. */
const roundsMax = 100

/** Runs a scenario on the model: what each step came to, and what was expected otherwise. */
export function runScenario(scenario: Scenario, { policy, kernel }: ScenarioKernel = {}): ScenarioResult {
  const run = new ScenarioRun(scenario, policy ?? scenario.policy, kernel ?? scenario.kernel)
  const steps = scenario.steps.map((step) => run.step(step))
  const end = run.state
  const log = steps.flatMap((step) => step.log)
  const failures = scenario.expect === null ? [] : checkState(scenario.expect.what, end, log, scenario)
  return {
    policy: run.policy,
    kernel: run.kernel,
    beginning: run.beginning,
    steps,
    end,
    failures,
    ok: failures.length === 0 && steps.every((step) => step.failures.length === 0)
  }
}

class ScenarioRun {
  readonly policy: Policy
  readonly kernel: Scenario['kernel']
  readonly state: KernelState = emptyState()
  readonly beginning: DatedFact[]
  readonly #scenario: Scenario
  readonly #world: World
  readonly #watch: Watch
  #nowNs = 0n

  constructor(scenario: Scenario, policy: Policy, kernel: Scenario['kernel']) {
    this.policy = policy
    this.kernel = kernel
    this.#scenario = scenario
    this.#world = {
      rules: rulesOf[policy],
      traits: traitsOf[kernel],
      modules: scenario.modules,
      symbolCounts: scenario.symbolCounts,
      bugs: scenario.bugs,
      isErrorInjectable: isSyscallEntry
    }
    this.#watch = new Watch(this.#world, invariantsFor(policy))
    this.beginning = this.#begin()
  }

  step(step: ScenarioStep): StepResult {
    const { spec } = step
    const before = decodeState(encodeState(this.state))
    this.#nowNs = startOf(spec, this.#nowNs)
    const startNs = this.#nowNs
    const facts: DatedFact[] = []
    const failures: Failure[] = checkStart(spec, startNs)
    const brokenBefore = this.#watch.violations.length
    let errno = 0
    try {
      operationsOf(spec, [...this.state.tasks.values()]).forEach((operation, n) => {
        if (n > 0) this.#nowNs += tryEveryNs
        const ret = this.#perform(operation, facts)
        if (ret !== 0) errno = -ret
      })
    } catch (error) {
      if (!(error instanceof NoSuchTask)) throw error
      failures.push({ what: 'step', expected: 'a task', found: error.message })
    }
    if (spec.settle === true) this.#settle(facts, failures)
    const after = decodeState(encodeState(this.state))
    const log = facts.flatMap((fact) => (fact.type === 'kernel.printed' ? [fact.data.message] : []))
    failures.push(...checkErrno(spec.expect, errno))
    if (spec.expect !== undefined) failures.push(...checkState(spec.expect, after, log, this.#scenario))
    return {
      step,
      title: stepTitle(spec),
      startNs,
      errno,
      facts,
      before,
      after,
      changes: diffStates(before, after),
      log,
      failures,
      violations: this.#watch.violations.slice(brokenBefore)
    }
  }

  #begin(): DatedFact[] {
    const { rules, traits } = this.#world
    const facts: Fact[] = [
      {
        type: 'host.booted',
        data: {
          release: traits.release,
          policy: rules.name,
          policyFrom: 'scenario',
          hasStackOrder: rules.name === 'hybrid' || (traits.hasStackOrder && rules.name !== 'replace-set'),
          kprobeTracer: this.#scenario.tracer
        }
      },
      ...this.#scenario.tasks.map(
        ({ pid, comm }): Fact => ({ type: 'task.started', data: { pid, comm, parent: null } })
      )
    ]
    const changes = new Changes()
    return facts.map((fact) => {
      const dated = { ...fact, uptimeNs: this.#nowNs }
      evolve(this.state, { ...dated, position: this.state.position + 1 }, changes)
      return dated
    })
  }

  #perform(operation: Operation, facts: DatedFact[]): number {
    const outcome = perform(this.state, operation, this.#world, this.#nowNs, this.#watch)
    this.#watch.rest(this.state, { operation, ret: outcome.ret })
    facts.push(...outcome.facts.map((fact) => ({ ...fact, uptimeNs: this.#nowNs })))
    return outcome.ret
  }

  /** The transition's work runs until it completes, then the free work of every patch that left the list. */
  #settle(facts: DatedFact[], failures: Failure[]): void {
    for (let round = 0; round < roundsMax && this.state.transition !== null; round += 1) {
      this.#nowNs += tryEveryNs
      this.#perform({ op: 'try' }, facts)
    }
    for (const { name } of this.state.patches.filter((patch) => patch.offList)) {
      this.#perform({ op: 'free', patch: name }, facts)
    }
    const { transition } = this.state
    if (transition === null) return
    const waiting = [...transition.blocked.values()].map((task) => `${task.comm} (${task.reason})`)
    failures.push({ what: 'settle', expected: 'quiet', found: `still waiting for ${waiting.join(', ')}` })
  }
}

function startOf({ at, wait }: ScenarioStep['spec'], nowNs: bigint): bigint {
  if (at === undefined) return nowNs + (wait === undefined ? usualWaitNs : durationNs(wait))
  const atNs = durationNs(at)
  return atNs < nowNs ? nowNs : atNs
}

function checkStart({ at }: ScenarioStep['spec'], startNs: bigint): Failure[] {
  if (at === undefined || durationNs(at) === startNs) return []
  return [
    { what: 'at', expected: String(at), found: `later: the steps before last ${startNs / 1_000_000n} ms` }
  ]
}

const unitNs: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n
}

/** Ns of `2.5s`, `100ms`, or of a number of seconds. */
function durationNs(duration: number | string): bigint {
  const [, whole = '0', fraction = '', unit = 's'] =
    /^\+?(\d+)(?:\.(\d+))?\s*(\w*)$/.exec(String(duration)) ?? []
  const scale = unitNs[unit === '' ? 's' : unit] ?? 0n
  return (BigInt(whole + fraction) * scale) / 10n ** BigInt(fraction.length)
}
