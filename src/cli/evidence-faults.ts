import type { EvidenceFormat, FormattedSource } from '../collectors/index.ts'
import type { HistoryEvent, Policy } from '../events/index.ts'
import {
  type Answers,
  answersOf,
  Chance,
  type Compared,
  type Comparison,
  compareAnswers,
  type EvidenceFault,
  type EvidenceText,
  evidenceShapes,
  LegalHistories,
  type ManifestModules,
  rulesOf
} from '../replay/index.ts'
import { type EvidenceBoot, keptInMemory, memorySource, toldBy } from './evidence-in-memory.ts'
import { readManifests } from './manifest-file.ts'

/** The evidence of one boot, one source of which goes wrong in one way after another. */
export class FaultableEvidence {
  /** The source that goes wrong. */
  readonly source: string
  readonly #format: EvidenceFormat
  readonly #text: EvidenceText
  readonly #others: readonly FormattedSource[]
  readonly #boot: EvidenceBoot
  /** What the evidence answers without a fault. */
  readonly #whole: readonly Answers[]
  readonly #compared: Compared
  /** Null where nothing tells the policy, and so no model can judge. */
  readonly #legal: LegalHistories | null

  private constructor(
    faulty: { readonly source: string; readonly format: EvidenceFormat; readonly text: EvidenceText },
    others: readonly FormattedSource[],
    boot: EvidenceBoot,
    { whole, others: alone }: Readonly<Record<'whole' | 'others', readonly HistoryEvent[]>>,
    modules: ManifestModules,
    compared: Compared
  ) {
    this.source = faulty.source
    this.#format = faulty.format
    this.#text = faulty.text
    this.#others = others
    this.#boot = boot
    this.#whole = answersOf(whole)
    this.#compared = compared
    const policy = boot.policy ?? policyOf(whole)
    this.#legal =
      policy === null
        ? null
        : new LegalHistories(boot.stream, { whole, others: alone }, rulesOf[policy], modules)
  }

  /** `faulty` is one of the sources: the one that goes wrong. The others are read once, and kept. */
  static async open(
    sources: readonly FormattedSource[],
    faulty: FormattedSource,
    boot: EvidenceBoot,
    compared: Compared = { hooks: true }
  ): Promise<FaultableEvidence> {
    const others: FormattedSource[] = []
    for (const other of sources) if (other !== faulty) others.push(await keptInMemory(other))
    const text = await textOf(faulty)
    const source = faulty.source.name
    const whole = await toldBy([memorySource(source, faulty.format, text.lines, text.ended), ...others], boot)
    return new FaultableEvidence(
      { source, format: faulty.format, text },
      others,
      boot,
      { whole, others: await toldBy(others, boot) },
      readManifests(
        sources.flatMap(({ format, source: one }) => (format.name === 'manifest' ? [one.name] : []))
      ),
      compared
    )
  }

  /** What the fault, at the place that the seed chooses, does to the answers; null where it has no place. */
  async try(fault: EvidenceFault, seed: number): Promise<Comparison | null> {
    const shape = evidenceShapes[this.#format.name]
    const texts = shape === undefined ? null : fault.apply(this.#text, shape, new Chance(seed))
    if (texts === null) return null
    const copies = texts.map(({ lines, ended }, n) =>
      memorySource(n === 0 ? this.source : `${this.source}.${n + 1}`, this.#format, lines, ended)
    )
    const told = await toldBy([...copies, ...this.#others], this.#boot)
    const comparison = compareAnswers(this.#whole, answersOf(told), this.#compared)
    if (comparison.outcome !== 'wrong') return comparison
    return { ...comparison, hidden: this.#legal?.couldBe(told, comparison.wrong.toNs) ?? false }
  }
}

function policyOf(history: readonly HistoryEvent[]): Policy | null {
  const [booted] = history
  return booted?.type === 'host.booted' ? booted.data.policy : null
}

async function textOf({ source }: FormattedSource): Promise<EvidenceText> {
  const chunks: Uint8Array[] = []
  for await (const chunk of source.open()) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString('utf8')
  const ended = text.endsWith('\n')
  return { lines: (ended ? text.slice(0, -1) : text).split('\n'), ended }
}
