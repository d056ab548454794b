import { type Operation, perform, type World } from '../../kernel/index.ts'
import { emptyState, type KernelState } from '../../projections/index.ts'
import { bootedState, fileAt, readAttribute } from './selftest-files.ts'

/** More rounds of the delayed work than any test needs. */
const roundsMax = 100

/** The simulated machine that a selftest's script runs on: its kernel log, its files, its delayed works. */
export class SelftestHost {
  readonly lines: string[] = []
  readonly state: KernelState
  readonly #world: World
  #uptimeNs = 1_000_000_000n

  constructor(world: World) {
    this.#world = world
    this.state = bootedState(emptyState(), world)
  }

  /** The kernel's part of an operation; the selftests switch the debug lines of single tries off. */
  perform(operation: Operation): number {
    this.#uptimeNs += 1_000_000n
    const { facts, ret } = perform(this.state, operation, this.#world, this.#uptimeNs)
    for (const fact of facts) {
      if (fact.type !== 'kernel.printed' || fact.data.message.includes('klp_try_switch_task')) continue
      this.lines.push(fact.data.message)
    }
    return ret
  }

  /** The delayed works get their turn until nothing is left to do, as the scripts wait for. */
  settle(): void {
    this.#tryWhile(() => this.state.transition !== null)
    for (const { name } of this.state.patches.filter((patch) => patch.offList)) {
      this.perform({ op: 'free', patch: name })
    }
  }

  /** What a file reads once it reads `wanted`, or when nothing is left that could make it. */
  waitFor(path: string, wanted: string): string | null {
    this.#tryWhile(() => this.state.transition !== null && this.read(path) !== wanted)
    return this.read(path)
  }

  /** What a file of sysfs or /proc/sys reads; null where the model knows of none. */
  read(path: string): string | null {
    const file = fileAt(path)
    if (file.kind === 'livepatch') return readAttribute(this.state, file.patch, file.attribute)
    if (file.kind === 'parameter') return this.state.settings.get(`${file.module}.${file.param}`) ?? null
    return file.kind === 'sysctl' ? (this.state.settings.get(file.name) ?? null) : null
  }

  /** A write to a file; one that the model knows nothing about changes nothing. */
  write(path: string, value: string): void {
    const file = fileAt(path)
    if (file.kind === 'kmsg') this.lines.push(value)
    if (file.kind === 'sysctl') this.perform({ op: 'sysctl', name: file.name, value })
    if (file.kind === 'parameter') {
      this.perform({ op: 'set-param', module: file.module, param: file.param, value })
    }
    if (file.kind !== 'livepatch') return
    const { patch, attribute } = file
    if (attribute === 'enabled') this.perform({ op: 'write-enabled', patch, value })
    if (attribute === 'force') this.perform({ op: 'force', patch, value })
    if (attribute === 'replaceable') this.perform({ op: 'write-replaceable', patch, value })
  }

  #tryWhile(isWaiting: () => boolean): void {
    for (let round = 0; round < roundsMax && isWaiting(); round += 1) this.perform({ op: 'try' })
  }
}
