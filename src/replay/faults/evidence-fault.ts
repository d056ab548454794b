import type { Chance } from './chance.ts'
import type { EvidenceShape, EvidenceText } from './evidence-text.ts'

/** Something that goes wrong between the kernel and the file that is read: what happened is as it was. */
export interface EvidenceFault {
  /** As `--faults evidence` prints it. */
  readonly name: string
  /** What goes wrong and how the tools show it, in a sentence. */
  readonly says: string
  /**
   * The source's text with the fault at a place of chance: one file, or several where several collectors ran. Null
   * where the text has no such place.
   */
  apply(text: EvidenceText, shape: EvidenceShape, chance: Chance): readonly EvidenceText[] | null
}
