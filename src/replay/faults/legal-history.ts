import type { HistoryEvent, StoredEvent } from '../../events/index.ts'
import type { PolicyRules } from '../../kernel/index.ts'
import { type Conformance, conform } from '../conform/conform.ts'
import type { ManifestModules } from '../scenario/manifest-modules.ts'
import { recordedModules } from '../what-if/recorded-modules.ts'

type World = Parameters<typeof conform>[1]
type Divergence = Conformance['divergences'][number]

/**
 * Judges whether damaged evidence is such as a kernel can leave: whether the model of the kernel explains what it tells.
 * What it explains, nothing in the evidence can show to be false.
 */
export class LegalHistories {
  readonly #stream: string
  readonly #world: World
  readonly #returns: ManifestModules['returns']
  /** What the model does not explain of undamaged evidence either. */
  readonly #unexplained: ReadonlySet<string>

  /**
   * `whole`: what the evidence tells without a fault. `others`: what the sources beside the faulty one tell by
   * themselves; a kernel has left them, whatever the model needs beside them.
   */
  constructor(
    stream: string,
    { whole, others }: Readonly<Record<'whole' | 'others', readonly HistoryEvent[]>>,
    rules: PolicyRules,
    { specs, returns }: ManifestModules
  ) {
    this.#stream = stream
    this.#world = recordedModules(whole, rules, specs).world
    this.#returns = returns
    this.#unexplained = new Set([whole, others].flatMap((told) => this.#divergences(told).map(nameOf)))
  }

  /** Whether a kernel can have left all that is told before this time; null: all of it. */
  couldBe(told: readonly HistoryEvent[], beforeNs: bigint | null): boolean {
    const isNews = (one: Divergence) =>
      !this.#unexplained.has(nameOf(one)) && (beforeNs === null || BigInt(one.uptimeNs) < beforeNs)
    const parted = this.#divergences(told).filter(isNews)
    if (parted.length === 0 || beforeNs === null) return parted.length === 0
    // An operation that began before may part from the model in what came later only.
    const already = new Set(this.#divergences(told.filter(({ uptimeNs }) => uptimeNs < beforeNs)).map(nameOf))
    return !parted.some((one) => already.has(nameOf(one)))
  }

  #divergences(told: readonly HistoryEvent[]): readonly Divergence[] {
    const history = told.map(
      (event, n) => ({ ...event, stream: this.#stream, revision: n + 1, version: 1 }) as StoredEvent
    )
    const recorded = { name: this.#stream, history, log: null, returns: this.#returns }
    return conform(recorded, this.#world).divergences
  }
}

function nameOf({ operation, uptimeNs, expected, observed }: Divergence): string {
  return `${uptimeNs} ${operation}: ${expected}, not ${observed}`
}
