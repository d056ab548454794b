import type { Policy } from '../events/index.ts'
import { ClockMatch } from './clock-match.ts'
import type { ClockStep } from './clock-step.ts'
import { CrossCheck, type Unmet } from './cross-check.ts'
import type { CommandWindow } from './interpret/knowledge.ts'
import type { Observation, PatchManifest, Reading } from './observation.ts'
import { type FormattedSource, readSource } from './read-source.ts'

/** What the sources tell at all, found in a first look, before their order in time matters. */
export interface Survey {
  readonly manifests: Map<string, PatchManifest>
  readonly commands: CommandWindow[]
  readonly boots: Set<string>
  release: string | null
  host: string | null
  /** Wall time of uptime 0, from a source that has both clocks. */
  bootTimeNs: bigint | null
  sawSysfs: boolean
  sawReplaceable: boolean
  sawReplaceSet: boolean
  sawStackOrder: boolean
  /** The tracer itself uses kprobes, so kprobe_ftrace_ops is older than the first record. */
  kprobeTracer: boolean
  /** Sources that tell of livepatches in the trace's clock, best first. */
  readonly tellers: FormattedSource[]
  /** What to add to a time of the printk clock. */
  printkOffsetNs: bigint
  /** A trace and a kernel log share a line, and so the offset is known. */
  clocksMatch: boolean
  /** Losses that a source tells of behind the place where they began. */
  readonly losses: FoundLoss[]
  /** Records of traces without a header that counts them: a trace that was split has its other records there. */
  uncountedRecords: number
  /** Where the distance of the two clocks changes: one of them was set. */
  clockStep: ClockStep | null
  /** What other sources show that traces lack. */
  readonly unmet: Unmet[]
  /** Kernel functions that each trace records at all, `FUNCTION` the entries and `FUNCTION%return` the returns. */
  readonly traced: Map<FormattedSource, Set<string>>
  /** The earliest time of a source that only knows the wall clock. */
  firstWallNs: bigint | null
  /** Some source knows the time since boot. */
  sawUptime: boolean
}

/** Evidence that a source lacks, and the reading that tells so. */
export interface FoundLoss {
  readonly source: FormattedSource
  readonly reading: Extract<Reading, { outcome: 'observed' }>
  readonly lost: Extract<Observation, { kind: 'lost' }>
}

/** Readings of a long stream that the first look needs: the beginning says what kind of trace it is. */
const surveyReadingsMax = 100_000

/**
 * Formats whose whole length may be needed before the first event: they are small by nature, and a journal's
 * last line may be of another boot than its first.
 */
const wholeFormats = new Set(['manifest', 'commands', 'snapshots', 'sysfs', 'uname', 'bpf-loader', 'journal'])

/** With `boot`, only lines of that boot count, where lines tell theirs. */
export async function survey(
  sources: readonly FormattedSource[],
  boot: string | null = null
): Promise<Survey> {
  const result: Survey = {
    manifests: new Map(),
    commands: [],
    boots: new Set(),
    release: null,
    host: null,
    bootTimeNs: null,
    sawSysfs: false,
    sawReplaceable: false,
    sawReplaceSet: false,
    sawStackOrder: false,
    kprobeTracer: false,
    tellers: [],
    printkOffsetNs: 0n,
    clocksMatch: false,
    losses: [],
    uncountedRecords: 0,
    clockStep: null,
    unmet: [],
    traced: new Map(),
    firstWallNs: null,
    sawUptime: false
  }
  const clocks = new ClockMatch()
  const cross = new CrossCheck()
  const seenInSysfs = new Map<string, PatchManifest>()
  for (const formatted of sources) {
    let readings = 0
    let tells = false
    let records = 0
    let counted = false
    for await (const page of readSource(formatted)) {
      for (const reading of page) {
        if (isOfOtherBoot(reading, boot)) continue
        if (!reading.raw.startsWith('#')) records += Math.min(1, reading.lines)
        else counted ||= reading.raw.startsWith('# entries-in-buffer')
        tells = look(result, reading, formatted, clocks, seenInSysfs) || tells
        if (reading.outcome === 'observed') cross.saw(reading, formatted)
      }
      readings += page.length
      if (readings <= surveyReadingsMax || wholeFormats.has(formatted.format.name)) continue
      cross.breaksOff(formatted)
      break
    }
    if (formatted.format.name === 'ftrace' && !counted) result.uncountedRecords += records
    if (tells && (formatted.format.name === 'ftrace' || formatted.format.name === 'bpftrace')) {
      result.tellers.push(formatted)
    }
  }
  result.tellers.sort((a, b) => Number(a.format.name === 'bpftrace') - Number(b.format.name === 'bpftrace'))
  result.commands.sort((a, b) => (a.fromNs < b.fromNs ? -1 : a.fromNs > b.fromNs ? 1 : 0))
  for (const [name, seen] of seenInSysfs) if (!result.manifests.has(name)) result.manifests.set(name, seen)
  const step = earlier(clocks.step(), cross.step())
  result.clocksMatch = clocks.isKnown(step)
  result.printkOffsetNs = clocks.offsetNs(step)
  // Where no line tells the log's distance from the trace as it was before the step, the log's times are none.
  result.clockStep = step !== null && clocks.sawLog && !result.clocksMatch ? { ...step, fromNs: 0n } : step
  const isBeforeStep = ({ fromNs }: Unmet) => fromNs < (result.clockStep?.fromNs ?? fromNs + 1n)
  result.unmet.push(...cross.unmet(result.clocksMatch ? result.printkOffsetNs : null).filter(isBeforeStep))
  return result
}

function earlier(one: ClockStep | null, other: ClockStep | null): ClockStep | null {
  return one === null || (other !== null && other.fromNs < one.fromNs) ? other : one
}

/** The policy that sysfs gives away: a file for it, or none of them. */
export function recognisedPolicy(found: Survey): { policy: Policy | null; from: string } {
  if (found.sawReplaceSet) return { policy: 'replace-set', from: 'sysfs has replace_set' }
  if (found.sawReplaceable) return { policy: 'hybrid', from: 'sysfs has replaceable' }
  if (found.sawSysfs) return { policy: 'mainline', from: 'sysfs has neither replaceable nor replace_set' }
  return { policy: null, from: 'no sysfs was read' }
}

/**
 * Wall time of uptime 0. Where all evidence has the wall clock only, its first line counts as the boot; beside
 * evidence that knows the time since boot, nothing would place that line.
 */
export function recognisedBootTime(found: Survey): bigint | null {
  return found.bootTimeNs ?? (found.sawUptime ? null : found.firstWallNs)
}

function isOfOtherBoot(reading: Reading, boot: string | null): boolean {
  if (boot === null || reading.outcome !== 'observed') return false
  return reading.bootId !== undefined && reading.bootId !== boot
}

/** Returns whether the reading tells of livepatches. */
function look(
  result: Survey,
  reading: Reading,
  source: FormattedSource,
  clocks: ClockMatch,
  seenInSysfs: Map<string, PatchManifest>
): boolean {
  if (reading.outcome === 'unrelated') {
    result.release ??= reading.about?.release ?? null
    const host = reading.about?.host
    if (host !== undefined && host !== '(none)' && host !== 'localhost') result.host ??= host
    return false
  }
  if (reading.outcome === 'rejected') return false
  if (reading.outcome === 'observed') lookAtTime(result, reading)
  let tells = false
  for (const seen of reading.observations) {
    if (seen.kind === 'lost' && reading.outcome === 'observed' && seen.fromNs !== undefined)
      result.losses.push({ source, reading, lost: seen })
    tells = lookAt(result, seen, reading, source, clocks, seenInSysfs) || tells
  }
  return tells
}

function lookAtTime(result: Survey, reading: Extract<Reading, { outcome: 'observed' }>): void {
  if (reading.bootId !== undefined) result.boots.add(reading.bootId)
  if (reading.host !== undefined) result.host ??= reading.host
  if (reading.wallNs !== undefined) result.bootTimeNs ??= reading.wallNs - reading.timeNs
  if (reading.clock !== 'realtime') result.sawUptime = true
  else result.firstWallNs ??= reading.timeNs
}

function lookAt(
  result: Survey,
  seen: Observation,
  reading: Reading,
  source: FormattedSource,
  clocks: ClockMatch,
  seenInSysfs: Map<string, PatchManifest>
): boolean {
  const format = source.format.name
  switch (seen.kind) {
    case 'manifest':
      result.manifests.set(seen.patch.name, seen.patch)
      return false
    case 'probe':
      result.kprobeTracer ||= format === 'ftrace' || format === 'bpftrace'
      if (format === 'ftrace') {
        const functions = result.traced.get(source) ?? new Set()
        result.traced.set(source, functions.add(seen.returns ? `${seen.fn}%return` : seen.fn))
      }
      return seen.fn.includes('klp_')
    case 'printk':
      if (reading.outcome === 'observed')
        clocks.saw(reading.clock, seen.message, reading.timeNs, {
          source: source.source.name,
          line: reading.line,
          raw: reading.raw
        })
      return format === 'ftrace' && seen.message.startsWith('livepatch: ')
    case 'command':
      if (reading.outcome === 'observed') {
        result.commands.push({
          fromNs: seen.fromNs,
          toNs: reading.timeNs,
          command: seen.what ?? seen.command,
          commandLine: seen.command
        })
      }
      return false
    case 'snapshot':
      lookAtSnapshot(result, seen, seenInSysfs)
      return false
    default:
      return false
  }
}

/** What a patch is made of shows in sysfs whenever it is not in transition, for then it has no nops. */
function lookAtSnapshot(
  result: Survey,
  seen: Extract<Observation, { kind: 'snapshot' }>,
  seenInSysfs: Map<string, PatchManifest>
): void {
  for (const patch of seen.patches ?? []) {
    result.sawSysfs = true
    result.sawReplaceable ||= patch.replaceable !== null
    result.sawReplaceSet ||= patch.replaceSet !== null
    result.sawStackOrder ||= patch.stackOrder !== null
    if (patch.transition || seenInSysfs.has(patch.name)) continue
    seenInSysfs.set(patch.name, {
      name: patch.name,
      livepatch: true,
      replace: patch.replace,
      replaceable: patch.replaceable,
      replaceSet: patch.replaceSet,
      objects: patch.objects.map((object) => ({
        name: object.name,
        functions: object.functions.map((func) => ({ ...func, newName: null }))
      })),
      states: []
    })
  }
}
