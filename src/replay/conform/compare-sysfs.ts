import type { EventData, StoredEvent, SysfsPatch } from '../../events/index.ts'
import { type KernelState, stackView } from '../../projections/index.ts'
import type { Difference } from './compare-facts.ts'

/** The model's sysfs, modules and probes against a snapshot that nothing moved under; null when they agree. */
export function compareSysfs(
  state: KernelState,
  snapshot: StoredEvent & { type: 'host.observed'; data: EventData<'host.observed'> }
): Difference | null {
  const { data, evidence } = snapshot
  if (BigInt(data.fromNs) <= state.changedNs || data.patches === null) return null
  const mine = new Map(modelLines(state).map((line) => [line, true]))
  const theirs = [...data.patches.flatMap(sysfsLines), ...moduleLines(data), ...kprobeLines(data)]
  const where = [`${evidence.source}:${evidence.line}`]
  for (const line of theirs) {
    if (!mine.delete(line)) return { mechanism: 'sysfs', expected: null, observed: line, evidence: where }
  }
  const [expected] = mine.keys()
  return expected === undefined ? null : { mechanism: 'sysfs', expected, observed: null, evidence: where }
}

function modelLines(state: KernelState): string[] {
  const lines = stackView('', state).patches.flatMap((patch) => [
    `${patch.name}/enabled=${Number(patch.enabled)}`,
    `${patch.name}/transition=${Number(patch.transition)}`,
    ...(patch.replace === null ? [] : [`${patch.name}/replace=${Number(patch.replace)}`]),
    ...(patch.replaceable === null ? [] : [`${patch.name}/replaceable=${Number(patch.replaceable)}`]),
    ...patch.objects.flatMap((object) => [
      `${patch.name}/${object.name}/patched=${Number(object.patched)}`,
      ...object.functions.map((func) => `${patch.name}/${object.name}/${func.name},${func.sympos}`)
    ])
  ])
  const modules = [...state.modules.keys()].map((module) => `module ${module}`)
  const kprobes = state.hooks
    .filter((hook) => hook.kind === 'kprobe')
    .map((hook, n) => `kprobe ${hook.address}${hook.goneNs === null ? '' : ' GONE'} ${n}`)
  return [...lines, ...modules, ...numbered(kprobes.map((line) => line.replace(/ \d+$/, '')))]
}

function sysfsLines(patch: SysfsPatch): string[] {
  return [
    `${patch.name}/enabled=${Number(patch.enabled)}`,
    `${patch.name}/transition=${Number(patch.transition)}`,
    ...(patch.replace === null ? [] : [`${patch.name}/replace=${Number(patch.replace)}`]),
    ...(patch.replaceable === null ? [] : [`${patch.name}/replaceable=${Number(patch.replaceable)}`]),
    ...patch.objects.flatMap((object) => [
      ...(object.patched === null ? [] : [`${patch.name}/${object.name}/patched=${Number(object.patched)}`]),
      ...object.functions.map((func) => `${patch.name}/${object.name}/${func.name},${func.sympos}`)
    ])
  ]
}

function moduleLines({ modules }: EventData<'host.observed'>): string[] {
  return (modules ?? []).map((module) => `module ${module.name}`)
}

function kprobeLines({ kprobes }: EventData<'host.observed'>): string[] {
  return numbered((kprobes ?? []).map((kprobe) => `kprobe ${kprobe.address}${kprobe.gone ? ' GONE' : ''}`))
}

/** Several probes may sit on one address: each line is told apart by how often it came before. */
function numbered(lines: readonly string[]): string[] {
  const counts = new Map<string, number>()
  return lines.map((line) => {
    const count = (counts.get(line) ?? 0) + 1
    counts.set(line, count)
    return `${line} #${count}`
  })
}
