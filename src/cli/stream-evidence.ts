import { basename } from 'node:path'
import {
  type EvidenceFormat,
  type FormattedSource,
  type PatchManifest,
  recognise
} from '../collectors/index.ts'
import type { Policy, StoredEvent } from '../events/index.ts'
import { evidenceShapes } from '../replay/index.ts'
import { FaultableEvidence } from './evidence-faults.ts'
import { type EvidenceBoot, memorySource } from './evidence-in-memory.ts'

/**
 * The evidence that a stored stream was told from, as far as the stream has kept it: of each source the lines that
 * proved something. What proved nothing by itself, a probe's registration say, is not among them, so hooks are left out
 * of the comparison. One for each source that faults can be tried on, in the order in which the stream names them.
 */
export async function faultableEvidenceOf(
  stream: string,
  events: readonly StoredEvent[]
): Promise<FaultableEvidence[]> {
  const sources = sourcesOf(events)
  const faultable: FaultableEvidence[] = []
  for (const source of sources) {
    if (evidenceShapes[source.format.name] === undefined) continue
    faultable.push(await FaultableEvidence.open(sources, source, bootOf(stream, events), { hooks: false }))
  }
  return faultable
}

/** What the stream knows of its boot beside its evidence. */
export function bootOf(stream: string, events: readonly StoredEvent[]): EvidenceBoot {
  return {
    stream,
    policy: policyOf(events),
    bootTimeNs: bootTimeOf(events),
    manifests: manifestsOf(events)
  }
}

/** The sources again, each with its lines in their order; what no reader recognises any more is left out. */
function sourcesOf(events: readonly StoredEvent[]): FormattedSource[] {
  const lines = new Map<string, Map<number, string>>()
  for (const { evidence } of events) {
    if (evidence.line === 0) continue
    const known = lines.get(evidence.source) ?? new Map<number, string>()
    lines.set(evidence.source, known)
    known.set(evidence.line, evidence.raw)
  }
  return [...lines].flatMap(([name, byLine]) => {
    const texts = [...byLine].sort(([a], [b]) => a - b).flatMap(([, raw]) => raw.split('\n'))
    const format: EvidenceFormat | null = recognise(texts.slice(0, 50), basename(name))
    return format === null ? [] : [memorySource(name, format, texts)]
  })
}

/** What a manifest or sysfs told of the patches: their enabling carries it. */
function manifestsOf(events: readonly StoredEvent[]): Map<string, PatchManifest> {
  const manifests = new Map<string, PatchManifest>()
  for (const event of events) {
    if (event.type !== 'patch.enabled' || event.data.objects === null) continue
    const { patch, replace, replaceable, replaceSet, objects, states } = event.data
    const own = objects.map(({ name, functions }) => ({
      name,
      functions: functions.filter(({ nop }) => !nop)
    }))
    manifests.set(patch, {
      name: patch,
      livepatch: true,
      replace,
      replaceable,
      replaceSet,
      objects: own,
      states
    })
  }
  return manifests
}

function policyOf(events: readonly StoredEvent[]): Policy | null {
  for (const event of events) if (event.type === 'host.booted') return event.data.policy
  return null
}

function bootTimeOf(events: readonly StoredEvent[]): bigint | null {
  const [first] = events
  return first === undefined || first.wallNs === null ? null : first.wallNs - first.uptimeNs
}
