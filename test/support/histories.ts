import fc from 'fast-check'
import type { NewEvent, Policy } from '../../src/events/index.ts'
import { type ToyFact, ToyKernel } from './toy-kernel.ts'
import * as livepatch from './toy-livepatch.ts'
import * as surroundings from './toy-surroundings.ts'

/** What the toy knew right behind an event. */
export interface Truth {
  /** By pid and function key: what a call runs. Idle tasks are not among them: they share a pid. */
  readonly runs: ReadonlyMap<string, string>
  /** By program id and pid: whether the task's calls of the hooked function reach the program. */
  readonly reached: ReadonlyMap<string, boolean>
  /** Patches in list order, as lines. */
  readonly patches: readonly string[]
}

/** A random legal history of one boot, and what was true behind each of its events. */
export interface History {
  readonly policy: Policy
  readonly events: readonly NewEvent[]
  readonly truths: readonly Truth[]
}

export const functionKeys = [
  ...['f0', 'f1', 'f2', 'f3'].map((name) => `vmlinux:${name},1`),
  ...surroundings.targetFunctions.map((name) => `target:${name},1`)
]

const names = ['lp_a', 'lp_b', 'lp_c', 'lp_d']

interface Deed {
  /** How often it is tried: enables and tries most, so that stacks grow. */
  readonly weight: number
  /** `a` and `b` are random bytes, `n` counts the deeds of a history. */
  readonly act: (toy: ToyKernel, a: number, b: number, n: number) => void
}

const deeds: readonly Deed[] = [
  {
    weight: 6,
    act: (toy, a, b) =>
      livepatch.enable(toy, names[a % 4] ?? '', specOf(a, b), a % 16 < 8 ? 0 : b, b % 32 === 31)
  },
  {
    weight: 2,
    act: (toy, a, b) => livepatch.disable(toy, toy.patches[a % toy.patches.length], a % 16 < 8 ? 0 : b)
  },
  { weight: 5, act: (toy, a, b) => livepatch.tryComplete(toy, a % 4 < 2 ? 0 : b) },
  { weight: 3, act: (toy, a) => livepatch.updatePatchState(toy, a) },
  { weight: 2, act: (toy) => livepatch.reverse(toy) },
  { weight: 1, act: (toy) => livepatch.force(toy) },
  { weight: 4, act: (toy) => livepatch.free(toy) },
  { weight: 3, act: (toy, a) => surroundings.removeModule(toy, names[a % 4] ?? '') },
  { weight: 2, act: (toy) => surroundings.toggleTarget(toy, 'target') },
  { weight: 4, act: (toy, a, b, n) => surroundings.attach(toy, a, b % 8, n + 1) },
  { weight: 2, act: (toy, a) => surroundings.detach(toy, a) },
  { weight: 1, act: (toy, a, _, n) => surroundings.fork(toy, 100 + n, a) },
  { weight: 1, act: (toy, a) => surroundings.exit(toy, a) },
  {
    weight: 1,
    act: (toy, a) => toy.tell('evidence.lost', { count: a === 0 ? null : a, reason: 'the toy forgot' })
  },
  {
    weight: 2,
    act: (toy, _, b) => {
      for (const __ of names) livepatch.free(toy)
      surroundings.observe(toy, BigInt(b))
    }
  },
  { weight: 1, act: (toy) => toy.tell('setting.changed', { name: 'kernel.ftrace_enabled', value: '1' }) }
]

interface Decision {
  readonly deed: Deed
  readonly a: number
  readonly b: number
  readonly waitNs: bigint
  readonly stepNs: bigint
}

const decision: fc.Arbitrary<Decision> = fc.record({
  deed: fc.oneof(...deeds.map((deed) => ({ arbitrary: fc.constant(deed), weight: deed.weight }))),
  a: fc.nat({ max: 255 }),
  b: fc.nat({ max: 255 }),
  waitNs: fc.constantFrom(0n, 1n, 1000n, 3_000_000n),
  stepNs: fc.constantFrom(1000n, 0n)
})

/** Random legal histories; fast-check shrinks them by what was decided. */
export function histories(): fc.Arbitrary<History> {
  return played(fc.array(decision, { minLength: 1, maxLength: 50, size: 'max' }), 2, truthOf)
}

/** Histories long enough for several saved states of the fold: of some thousand events. */
export function longHistories(): fc.Arbitrary<Pick<History, 'events'>> {
  return played(fc.array(decision, { minLength: 400, maxLength: 450, size: 'max' }), 120, () => nothing)
}

const nothing: Truth = { runs: new Map(), reached: new Map(), patches: [] }

function played(
  decisions: fc.Arbitrary<Decision[]>,
  tasks: number,
  look: (toy: ToyKernel) => Truth
): fc.Arbitrary<History> {
  const policy = fc.constantFrom<Policy>('mainline', 'hybrid', 'replace-set')
  return fc
    .record({ policy, tracer: fc.boolean(), decisions })
    .map((all) => play(all.policy, all.tracer, all.decisions, tasks, look))
}

/**
 * Histories that no kernel had, as poor evidence gives them: events are missing, some twice, some late, and what
 * a patch is made of may be unknown.
 */
export function damagedHistories(): fc.Arbitrary<Pick<History, 'events'>> {
  const damage = fc.array(fc.record({ at: fc.nat(), how: fc.nat({ max: 5 }) }), { maxLength: 12 })
  return fc.tuple(histories(), damage).map(([{ policy, events }, damages]) => {
    const rest = [...events]
    for (const { at, how } of damages) {
      const n = at % rest.length
      const [event] = rest.splice(n, 1)
      if (event === undefined) continue
      if (how < 3) continue
      if (how === 3) rest.splice((n * 7) % (rest.length + 1), 0, event)
      else if (how === 4) rest.splice(n, 0, event, event)
      else rest.splice(n, 0, withoutObjects(event))
    }
    // What came twice are two events.
    const told = rest.map((event, n) => ({ ...event, id: idOf(n + 1) }))
    return { events: told, [fc.toStringMethod]: () => print(policy, told) }
  })
}

function withoutObjects(event: NewEvent): NewEvent {
  if (event.type !== 'patch.enabled') return event
  return { ...event, data: { ...event.data, objects: null } }
}

function play(
  policy: Policy,
  tracer: boolean,
  decisions: readonly Decision[],
  tasks: number,
  look: (toy: ToyKernel) => Truth
): History {
  const events: NewEvent[] = []
  const truths: Truth[] = []
  const toy = new ToyKernel(policy, tracer, (fact) => {
    events.push(toEvent(fact, events.length + 1))
    truths.push(look(toy))
  })
  toy.tell('host.booted', {
    release: null,
    policy,
    policyFrom: 'the toy',
    hasStackOrder: policy === 'hybrid',
    kprobeTracer: tracer
  })
  const comms = ['swapper/0', 'swapper/1', 'init', ...Array.from({ length: tasks }, (_, n) => `task-${n}`)]
  comms.forEach((comm, n) => {
    const pid = n < 2 ? 0 : n - 1
    toy.tasks.push({ pid, comm, state: -1 })
    toy.tell('task.started', { pid, comm, parent: null })
  })
  decisions.forEach((decided, n) => {
    toy.ns += decided.waitNs
    toy.stepNs = decided.stepNs
    decided.deed.act(toy, decided.a, decided.b, n)
  })
  // A try names every task that is left, so that none is forgotten at the end.
  livepatch.tryComplete(toy, 255)
  return { policy, events, truths, [fc.toStringMethod]: () => print(policy, events) } as History
}

function specOf(a: number, b: number): livepatch.PatchSpec {
  const vmlinux = ['f0', 'f1', 'f2', 'f3'].filter((_, n) => ((b >> n) & 1) === 1)
  const target = surroundings.targetFunctions.filter((_, n) => ((b >> (4 + n)) & 1) === 1)
  return {
    replace: (a & 16) !== 0,
    replaceable: (a & 32) !== 0,
    set: (a >> 6) & 1,
    objects: { ...(vmlinux.length > 0 ? { vmlinux } : {}), ...(target.length > 0 ? { target } : {}) }
  }
}

function truthOf(toy: ToyKernel): Truth {
  const runs = new Map<string, string>()
  const reached = new Map<string, boolean>()
  for (const task of toy.tasks) {
    if (task.pid === 0) continue
    for (const key of functionKeys) runs.set(`${task.pid} ${key}`, toy.run(task, key))
    for (const hook of toy.hooks) reached.set(`${hook.programId} ${task.pid}`, toy.reaches(task, hook))
  }
  const patches = toy.patches.map(({ name, enabled, forced, offList, objects }) => {
    const tree = objects.map((o) => `${o.name}${o.patched ? '*' : ''}(${o.funcs.map(funcWord).join()})`)
    const word = toy.transition?.patch.name === name ? ` towards ${toy.transition.goal}` : ''
    return `${name} enabled=${Number(enabled)} forced=${Number(forced)}${word}${offList ? '' : ` ${tree.join()}`}`
  })
  return { runs, reached, patches }
}

function funcWord({ key, nop }: { readonly key: string; readonly nop: boolean }): string {
  return nop ? `${key}=nop` : key
}

function toEvent({ ns, type, data }: ToyFact, n: number): NewEvent {
  return {
    type,
    data,
    id: idOf(n),
    uptimeNs: ns,
    wallNs: null,
    evidence: { source: 'toy', line: n, raw: type }
  } as NewEvent
}

function idOf(n: number): string {
  return n.toString(16).padStart(32, '0')
}

/** A history as its facts, a line each, for when a law does not hold for it. */
function print(policy: Policy, events: readonly NewEvent[]): string {
  const lines = events.map((e, n) => `${n + 1} ${e.uptimeNs} ${e.type} ${JSON.stringify(e.data)}`)
  return `${policy}\n${lines.join('\n')}\n`
}
