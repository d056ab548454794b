import type { ModuleSpec, Operation, World } from '../../kernel/index.ts'
import { copyState, type HookView, hookView, type KernelState, taskKey } from '../../projections/index.ts'
import { ModelRun } from '../engine/model-run.ts'
import { Watch } from '../engine/watch.ts'
import { invariantsFor } from '../invariants/catalogue.ts'

/** What becomes of a program that calls reach now. */
export type HookEffect = 'bypassed' | 'shadowed' | 'lost'

/** A program that calls would not reach, or not all of them. */
export interface HookRisk {
  readonly program: string
  readonly module: string | null
  readonly function: string | null
  /** The patched functions that it is there for, as keys. */
  readonly functions: readonly string[]
  /** `bypassed` while the transition lasts, `shadowed` until a patch goes, `lost` for good. */
  readonly effect: HookEffect
  readonly reason: string
}

/** An invariant of part E that the enabling would break. */
export interface InvariantRisk {
  readonly invariant: string
  readonly says: string
  readonly subject: string
  readonly text: string
  /** Whether the policy promises it; else it is a hazard of the policy. */
  readonly promised: boolean
}

/** What enabling a patch would come to. */
export interface Assessment {
  /** 0, or the positive errno that insmod would see. */
  readonly errno: number
  /** The kernel's own line when there is one. */
  readonly message: string | null
  readonly hooks: readonly HookRisk[]
  readonly invariants: readonly InvariantRisk[]
}

/** The delayed work tries once a second; who sleeps in the way for longer than this many is taken as staying. */
const triesMax = 20

/**
 * Loads the module on a copy of the state, lets its transition begin with a task still to switch, and complete.
 * `before` is done first, as somebody would who takes an advice: each of its transitions completes as well.
 */
export function assess(
  present: KernelState,
  spec: ModuleSpec,
  world: World,
  before: readonly Operation[] = []
): Assessment {
  const enabling = new Enabling(present, spec, world)
  return enabling.assess(before)
}

class Enabling {
  readonly #run: ModelRun
  readonly #spec: ModuleSpec

  constructor(present: KernelState, spec: ModuleSpec, world: World) {
    const modules = new Map([...world.modules, [spec.name, spec]])
    const here: World = { ...world, modules }
    this.#run = new ModelRun(here, new Watch(here, invariantsFor(world.rules.name)), copyState(present))
    this.#spec = spec
  }

  assess(before: readonly Operation[]): Assessment {
    // Evidence of tasks is rare, and every host has this one.
    if (this.#run.state.tasks.size === 0) this.#perform({ op: 'start-task', pid: 1, comm: 'systemd' })
    this.#free()
    // Whom an advice cuts off beforehand is as much at risk as whom the patch cuts off.
    const views = this.#hookViews()
    for (const operation of before) {
      this.#perform(operation)
      this.#complete()
      this.#free()
    }
    const broken = this.#brokenAlready()
    const [first] = this.#run.state.tasks.values()
    const late = first === undefined ? [] : [[taskKey(first.pid, first.comm), 'running'] as const]
    const { ret, facts } = this.#perform({
      op: 'insmod',
      module: this.#spec.name,
      conditions: new Map(late)
    })
    const rejected = facts.find((fact) => fact.type === 'patch.rejected')
    const meanwhile = this.#hookViews()
    this.#complete()
    const hooks = ret === 0 ? this.#hookRisks(views, meanwhile) : []
    this.#free()
    return {
      errno: Math.abs(ret),
      message: rejected?.type === 'patch.rejected' ? rejected.data.message : null,
      hooks,
      invariants: this.#run.watch.violations
        .filter((violation) => !broken.has(subjectOf(violation)))
        .map(({ invariant, subject, text, promised }) => {
          const says =
            invariantsFor(this.#run.world.rules.name).find(({ id }) => id === invariant)?.says ?? ''
          return { invariant, says, subject, text, promised }
        })
    }
  }

  /** What is wrong without the patch is not its doing, seen on the way or not. */
  #brokenAlready(): ReadonlySet<string> {
    const { world, state, watch } = this.#run
    const held = invariantsFor(world.rules.name).flatMap((invariant) =>
      (invariant.holding?.(invariant.start(world), state, world) ?? []).map(({ subject }) =>
        subjectOf({ invariant: invariant.id, subject })
      )
    )
    return new Set([...watch.violations.map(subjectOf), ...held])
  }

  #perform(operation: Operation) {
    return this.#run.perform(operation, this.#run.state.uptimeNs)
  }

  #complete(): void {
    for (let n = 0; n < triesMax && this.#run.state.transition !== null; n += 1) this.#perform({ op: 'try' })
  }

  #free(): void {
    for (const { name } of this.#run.state.patches.filter((patch) => patch.offList)) {
      this.#perform({ op: 'free', patch: name })
    }
  }

  #hookViews(): ReadonlyMap<string, HookView> {
    const { state } = this.#run
    return new Map(state.hooks.map((hook) => [hook.key, hookView(state, hook)]))
  }

  #hookRisks(before: ReadonlyMap<string, HookView>, meanwhile: ReadonlyMap<string, HookView>): HookRisk[] {
    const { state } = this.#run
    return state.hooks.flatMap((hook): HookRisk[] => {
      const [was, during, after] = [before.get(hook.key), meanwhile.get(hook.key), hookView(state, hook)]
      if (was === undefined || during === undefined || was.reach === 'none') return []
      const { program, module, function: name } = hook
      const told = { program, module, function: name, functions: was.functions }
      if (after.reach === 'none') {
        const effect = after.status === 'shadowed' ? 'shadowed' : 'lost'
        return [{ ...told, effect, reason: after.reason ?? after.status }]
      }
      if (during.reach === 'all' || during.reach === was.reach) return []
      return [{ ...told, effect: 'bypassed', reason: during.reason ?? during.status }]
    })
  }
}

function subjectOf({ invariant, subject }: { readonly invariant: string; readonly subject: string }): string {
  return `${invariant} ${subject}`
}
