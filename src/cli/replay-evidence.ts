import { existsSync } from 'node:fs'
import type { StoredEvent, StreamInfo } from '../events/index.ts'
import {
  type EvidenceFault,
  type EvidenceFinding,
  evidenceFaults,
  evidenceShapes,
  type ReplayRequest
} from '../replay/index.ts'
import type { App } from './app.ts'
import { gatherEvidence } from './evidence.ts'
import { FaultableEvidence } from './evidence-faults.ts'
import { bootOf, faultableEvidenceOf } from './stream-evidence.ts'

/** Places of chance that a fault in the evidence is tried at, where nobody says how many. */
const usualPlaces = 20

/** The faults in the evidence among those that are asked for. */
export function evidenceFaultsIn(names: readonly string[]): EvidenceFault[] {
  return evidenceFaults.filter(({ name }) => names.includes(name))
}

/**
 * Tries the faults at places of chance of the stream's evidence: in the files that it was told from, where they are
 * still there, else in the lines that the stream has kept.
 */
export async function sweepEvidence(
  app: App,
  { stream }: StreamInfo,
  history: readonly StoredEvent[],
  { faults, runs, seed }: ReplayRequest
): Promise<{ readonly findings: readonly EvidenceFinding[]; readonly complete: boolean }> {
  let isStopped = false
  const stopListening = app.io.onInterrupt(() => {
    isStopped = true
  })
  const findings: EvidenceFinding[] = []
  for (const evidence of await evidenceOf(app, stream, history)) {
    for (const fault of evidenceFaultsIn(faults)) {
      const found = { ...none, source: evidence.source, fault: fault.name }
      for (let n = 0; n < (runs ?? usualPlaces) && !isStopped; n += 1) {
        await tryAt(evidence, fault, (seed ?? 1) + n, found)
        // A timer's turn, so that Ctrl-C is heard.
        await new Promise((resolve) => setImmediate(resolve))
      }
      if (found.places > 0) findings.push(found)
    }
  }
  stopListening()
  return { findings, complete: !isStopped }
}

const none = { places: 0, equal: 0, unsure: 0, hidden: 0, late: 0, wrong: 0, first: null }

type Counted = { -readonly [F in keyof EvidenceFinding]: EvidenceFinding[F] }

async function tryAt(
  evidence: FaultableEvidence,
  fault: EvidenceFault,
  seed: number,
  found: Counted
): Promise<void> {
  const comparison = await evidence.try(fault, seed)
  if (comparison === null) return
  found.places += 1
  if (comparison.outcome !== 'wrong') {
    found[comparison.outcome] += 1
    return
  }
  const { hidden, wrong } = comparison
  const { fromNs, what, noticed } = wrong
  found[hidden ? 'hidden' : noticed ? 'late' : 'wrong'] += 1
  if (found.first === null || (found.first.hidden && !hidden)) found.first = { seed, fromNs, what, hidden }
}

async function evidenceOf(
  app: App,
  stream: string,
  history: readonly StoredEvent[]
): Promise<FaultableEvidence[]> {
  const named = new Set(history.flatMap(({ evidence }) => (evidence.line === 0 ? [] : [evidence.source])))
  const missing = [...named].filter((path) => !existsSync(path))
  if (missing.length > 0) {
    await app.warn(
      `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not here any more`,
      'Faults are tried in the lines that the log has kept; of hooks those do not tell enough to compare.'
    )
    return faultableEvidenceOf(stream, history)
  }
  const [gathered] = await gatherEvidence([...named], {}, app.io.stdin)
  const sources = gathered?.sources ?? []
  const faultable = sources.filter(({ format }) => evidenceShapes[format.name] !== undefined)
  const opened: FaultableEvidence[] = []
  for (const source of faultable) {
    opened.push(await FaultableEvidence.open(sources, source, bootOf(stream, history)))
  }
  return opened
}
