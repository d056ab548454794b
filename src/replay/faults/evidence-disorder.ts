import type { Chance } from './chance.ts'
import type { EvidenceFault } from './evidence-fault.ts'
import { type EvidenceRecord, recordsOf, textOf } from './evidence-text.ts'

/** The most records that a fault repeats or puts in another order. */
const stretchMax = 32

/** A file that was appended to itself in part, or a relay that sent twice. */
export const duplicated: EvidenceFault = {
  name: 'duplicated',
  says: 'a stretch of records is there twice: each line doubled, or the stretch again behind itself',
  apply(text, shape, chance) {
    const { header, records } = recordsOf(text, shape)
    const { before, stretch, behind } = stretchOf(records, chance)
    const twice = chance.below(2) === 0 ? stretch.flatMap((one) => [one, one]) : [...stretch, ...stretch]
    return [textOf(header, before, twice, behind)]
  }
}

/** Buffers of several CPUs, merged carelessly: each is in order, they are not. */
export const reordered: EvidenceFault = {
  name: 'reordered',
  says: 'a stretch of records is out of order: as CPUs in turn, or, where one CPU wrote them, at random',
  apply(text, shape, chance) {
    const { header, records } = recordsOf(text, shape)
    const { before, stretch, behind, whole } = stretchOf(records, chance)
    const cpus = [...new Set(whole.map(({ cpu }) => cpu))]
    const mixed =
      cpus.length > 1
        ? cpus.flatMap((cpu) => whole.filter((record) => record.cpu === cpu)).map((record) => record.text)
        : shuffled(stretch, chance)
    return [textOf(header, before, mixed, behind)]
  }
}

/** A collector that died while it wrote, or a full disk. */
export const cut: EvidenceFault = {
  name: 'cut',
  says: 'the file ends in the middle of a line: its collector died, or the disk was full',
  apply(text, shape, chance) {
    const { header, records } = recordsOf(text, shape)
    if (records.length < 2) return null
    const at = 1 + chance.below(records.length - 1)
    const last = records[at]?.text ?? ''
    const part = last.slice(0, 1 + chance.below(last.length - 1))
    const kept = textOf(chance.below(2) === 0 ? header : [], texts(records.slice(0, at)), [part])
    return [{ ...kept, ended: false }]
  }
}

/** A collector that ended between two lines, and left no header that counts: what others tell goes on. */
export const collectorDied: EvidenceFault = {
  name: 'collector-died',
  says: 'the file ends early, behind a whole line, and nothing in it counts the rest',
  apply(text, shape, chance) {
    const { records } = recordsOf(text, shape)
    if (records.length < 2) return null
    return [textOf(texts(records.slice(0, 1 + chance.below(records.length - 1))))]
  }
}

/** A clock that was set back while the collector ran. */
export const clockBack: EvidenceFault = clockStep('clock-step-back', 'back', -1n)

/** A clock that was set forward while the collector ran. */
export const clockAhead: EvidenceFault = clockStep('clock-step-ahead', 'forward', 1n)

function clockStep(name: string, way: string, sign: bigint): EvidenceFault {
  return {
    name,
    says: `the clock was set ${way} by 20 ms to 20 s: all times behind that point are off`,
    apply(text, shape, chance) {
      const { header, records } = recordsOf(text, shape)
      if (records.length < 2) return null
      const at = 1 + chance.below(records.length - 1)
      const byNs = sign * 20_000_000n * BigInt(10 ** chance.below(4))
      const behind = records.slice(at).map((record) => shape.shifted(record.text, byNs))
      return [textOf(header, texts(records.slice(0, at)), behind)]
    }
  }
}

function stretchOf(records: readonly EvidenceRecord[], chance: Chance) {
  const from = chance.below(Math.max(1, records.length - 1))
  const to = from + 2 + chance.below(stretchMax - 1)
  const whole = records.slice(from, to)
  return {
    before: texts(records.slice(0, from)),
    whole,
    stretch: texts(whole),
    behind: texts(records.slice(to))
  }
}

function shuffled(values: readonly string[], chance: Chance): string[] {
  const left = [...values]
  const result: string[] = []
  while (left.length > 0) result.push(...left.splice(chance.below(left.length), 1))
  return result
}

function texts(records: readonly EvidenceRecord[]): string[] {
  return records.map(({ text }) => text)
}
