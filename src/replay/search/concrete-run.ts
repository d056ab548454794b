import { type ModuleSpec, type Operation, perform, type World } from '../../kernel/index.ts'
import { emptyState, type KernelState } from '../../projections/index.ts'
import { stepNs } from '../counterexample/shrink.ts'
import { Watch } from '../engine/watch.ts'
import type { TimedOperation } from '../faults/fault.ts'
import type { Invariant } from '../invariants/invariant.ts'
import { type RunMemory, type SlotNames, slotNames, symbolIn, toBytes } from './concrete-state.ts'
import { type MoveName, moveArgument, moveName } from './packed-moves.ts'
import { limits } from './packed-state.ts'
import type { PackedWorld } from './packed-world.ts'

/** A packed world's moves as the kernel model's operations, on a state with names. */
export class ConcreteRun {
  readonly state: KernelState = emptyState()
  readonly world: World
  readonly watch: Watch
  /** What was done so far, the tasks' start included. */
  readonly operations: TimedOperation[] = []
  readonly #packed: PackedWorld
  readonly #modules: Map<string, ModuleSpec>
  readonly #kinds = new Map<string, number>()
  #scope = new Set<string>()
  #everForced = false

  constructor(packed: PackedWorld, invariants: readonly Invariant[] = []) {
    this.#packed = packed
    this.#modules = new Map(packed.world.modules)
    this.world = { ...packed.world, modules: this.#modules }
    this.watch = new Watch(this.world, invariants)
    this.state.policy = this.world.rules.name
    if (!packed.isOpen) for (const [kind, { name }] of packed.kinds.entries()) this.#kinds.set(name, kind)
    for (const { pid, comm } of packed.taskNames) this.#perform({ op: 'start-task', pid, comm }, 0n)
    for (const module of packed.targets) this.#perform({ op: 'insmod', module }, this.state.uptimeNs + stepNs)
  }

  get names(): SlotNames {
    return slotNames(this.state, this.#packed, this.#memory)
  }

  /** The state in the packed form, its slots as `names` has them. */
  get bytes(): Uint8Array {
    return toBytes(this.state, this.#packed, this.names, this.#memory)
  }

  get #memory(): RunMemory {
    return { scope: this.#scope, everForced: this.#everForced, kinds: this.#kinds }
  }

  /** Makes a move of the packed state that `bytes` is. Returns 0 or a negative errno. */
  move(move: number): number {
    const at = this.state.uptimeNs + stepNs
    return this.#perform(this.operationOf(moveName(move), moveArgument(move)), at)
  }

  #perform(operation: Operation, uptimeNs: bigint): number {
    const { rules } = this.world
    const before = this.state.patches.filter((patch) => !patch.offList)
    const { ret, facts } = perform(this.state, operation, this.world, uptimeNs, this.watch)
    this.watch.rest(this.state, { operation, ret })
    this.operations.push({ operation, uptimeNs })
    if (operation.op === 'insmod' && ret === 0) {
      const patch = this.state.patches.find(({ name }) => name === operation.module)
      const replaced = patch !== undefined && rules.replaces(patch)
      const older = replaced ? before.filter((old) => rules.inScope(patch, old)) : []
      this.#scope = new Set(older.map(({ name }) => name))
    }
    if (facts.some(({ type }) => type === 'transition.forced')) this.#everForced = true
    if (this.state.transition === null) this.#scope.clear()
    return ret
  }

  /** What a move of the packed state is in the model's words. In an open world a load makes its module. */
  operationOf(name: MoveName, argument: number): Operation {
    const { functions, taskNames, programs, hookPlaces } = this.#packed
    const task = (n: number) => taskNames[n]?.pid ?? 0
    const module = this.names[argument] ?? ''
    switch (name) {
      case 'insmod':
        return { op: 'insmod', module: this.#moduleOf(argument) }
      case 'rmmod':
        return { op: 'rmmod', module }
      case 'disable':
      case 'reverse': {
        const isEnabled = this.state.patches.find((patch) => patch.name === module)?.enabled === true
        return { op: 'write-enabled', patch: module, value: isEnabled ? '0' : '1' }
      }
      case 'replaceable': {
        const isSet = this.state.patches.find((patch) => patch.name === module)?.replaceable === true
        return { op: 'write-replaceable', patch: module, value: isSet ? '0' : '1' }
      }
      case 'force':
        return { op: 'force', patch: this.state.transition?.patch ?? '', value: '1' }
      case 'try':
        return { op: 'try' }
      case 'switch':
        return { op: 'switch', task: task(argument) }
      case 'call': {
        const { object, name: func } = functions[argument % limits.functions] as (typeof functions)[number]
        return { op: 'call', task: task(Math.floor(argument / limits.functions)), object, function: func }
      }
      case 'return':
        return { op: 'return', task: task(argument) }
      case 'attach': {
        const place = hookPlaces[argument & 0x3f] as (typeof hookPlaces)[number]
        const program = programs[argument >> 6] as (typeof programs)[number]
        const symbol = `${this.names[place.slot]}:${symbolIn(this.#packed, this.names, place)}`
        return { op: 'attach', ...program, symbol }
      }
      case 'detach':
        return { op: 'detach', program: programs[argument]?.program ?? '' }
      case 'free':
        return { op: 'free', patch: module }
    }
  }

  /** In an open world every load is of a new module. */
  #moduleOf(argument: number): string {
    const { isOpen, kinds } = this.#packed
    if (!isOpen) return kinds[argument]?.name ?? ''
    const name = `lp${this.#kinds.size + 1}`
    const kind = kinds[argument >> 1] as ModuleSpec
    const patch = kind.patch as NonNullable<ModuleSpec['patch']>
    this.#kinds.set(name, argument >> 1)
    this.#modules.set(name, {
      ...kind,
      name,
      patch: {
        ...patch,
        replaceable: (argument & 1) === 1,
        objects: patch.objects.map((object) => ({
          ...object,
          functions: object.functions.map((func) => ({ ...func, new: `${name}_${func.old}` }))
        }))
      }
    })
    return name
  }
}
