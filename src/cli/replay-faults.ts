import type { StoredEvent } from '../events/index.ts'
import { type MomentContext, parseMoment, QuestionError } from '../projections/index.ts'
import {
  type Course,
  evidenceFaults,
  type KernelFault,
  kernelFaults,
  operationName,
  type PlacedFault
} from '../replay/index.ts'
import { UsageError } from './errors.ts'

/** What `--fault` and `--faults` ask for. */
export interface AskedFault {
  /** As it was asked for. */
  readonly text: string
  readonly fault: KernelFault
  /** A moment or an operation; null is everywhere. */
  readonly where: string | null
}

/** The faults that the options ask for, by name or by family; none where nothing is asked. */
export function askedFaults(names: readonly string[], families?: string): AskedFault[] {
  const named = names.filter((name) => !isEvidenceFault(name)).map(oneFault)
  const whole =
    families === undefined || families === 'evidence' ? [] : kernelFaults.map((fault) => everywhere(fault))
  return [...named, ...whole.filter(({ fault }) => !named.some((one) => one.fault === fault))]
}

/** The names of the faults in the evidence that the options ask for. */
export function askedEvidenceFaults(names: readonly string[], families?: string): string[] {
  const all = families === 'evidence' || families === 'all'
  return evidenceFaults.map(({ name }) => name).filter((name) => all || names.includes(name))
}

function isEvidenceFault(name: string): boolean {
  return evidenceFaults.some((one) => one.name === name)
}

function everywhere(fault: KernelFault): AskedFault {
  return { text: fault.name, fault, where: null }
}

function oneFault(text: string): AskedFault {
  const at = text.indexOf('@')
  const name = at < 0 ? text : text.slice(0, at)
  const fault = kernelFaults.find((one) => one.name === name)
  if (fault === undefined) {
    const all = [...kernelFaults, ...evidenceFaults]
    const width = Math.max(...all.map((one) => one.name.length))
    const list = all.map((one) => `  ${one.name.padEnd(width)}  ${one.says}`)
    throw new UsageError(`no fault is called "${name}"`, `The faults are:\n${list.join('\n')}`)
  }
  if (at < 0) return everywhere(fault)
  const where = text.slice(at + 1)
  if (where !== '') return { text, fault, where }
  throw new UsageError(`--fault ${text} does not say where`, whereHint)
}

const whereHint =
  'Behind the @ comes a moment (@417 or 417 is a position, +21.5 since boot, "2026-11-20 14:03:07") or an operation: try, "insmod lp_x".'

/** What a place is looked for in. */
export interface Places {
  readonly course: Course
  readonly history: readonly StoredEvent[]
  readonly bootNs: bigint | null
  readonly context: MomentContext
  /** Where faults may happen at all. */
  readonly fromNs: bigint
}

/** A fault and the operations before which it is to happen. */
export function placed({ text, fault, where }: AskedFault, places: Places): PlacedFault {
  const { operations } = places.course
  const first = operations.findIndex(({ uptimeNs }) => uptimeNs >= places.fromNs)
  const allowed = (place: number) => first >= 0 && place >= first
  if (where === null) return { fault, isAt: allowed }
  const named = new Set(
    operations.flatMap(({ operation }, n) => (isNamed(operationName(operation), where) ? [n] : []))
  )
  if (named.size > 0) return { fault, isAt: (place) => named.has(place) && allowed(place) }
  const ns = momentNs(text, where, places)
  const at = operations.findIndex(({ uptimeNs }) => uptimeNs >= ns)
  if (at >= 0) return { fault, isAt: (place) => place === at }
  throw new UsageError(`--fault ${text} is behind the last operation`, whereHint)
}

/** `try` is every try, `insmod lp_x` that load. */
function isNamed(name: string, asked: string): boolean {
  return name === asked || name.startsWith(`${asked} `)
}

function momentNs(text: string, where: string, { history, bootNs, context, course }: Places): bigint {
  const moment = momentOf(text, where, context, course)
  switch (moment.kind) {
    case 'position': {
      const event = history.find(({ position }) => position >= moment.position)
      if (event !== undefined) return event.uptimeNs
      throw new UsageError(`--fault ${text}: the stream has no event @${moment.position}`, whereHint)
    }
    case 'uptime':
      return moment.ns
    case 'wall':
      if (bootNs !== null) return moment.ns - bootNs
      throw new UsageError(
        `--fault ${text}: no evidence tells when the host booted`,
        'Say where by time since boot (+21.5), by a position or by an operation.'
      )
    case 'end':
      return history.at(-1)?.uptimeNs ?? 0n
  }
}

function momentOf(text: string, where: string, context: MomentContext, { operations }: Course) {
  try {
    return parseMoment(/^\d+$/.test(where) ? `@${where}` : where, context)
  } catch (error) {
    if (!(error instanceof QuestionError)) throw error
    const names = [...new Set(operations.map(({ operation }) => operation.op))].join(', ')
    throw new UsageError(
      `--fault ${text}: "${where}" is neither a moment nor an operation of the stream`,
      `${whereHint}\nThe stream has operations of the kinds ${names}.`,
      { cause: error }
    )
  }
}
