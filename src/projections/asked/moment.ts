import { type Asker, type CalendarDay, isOnCalendar, type TimeOfDay, utc } from './asker.ts'
import { parseDuration, scaled } from './duration.ts'
import { QuestionError } from './question-error.ts'

/** A moment as a user types it, before it is known of which stream. */
export type Moment =
  /** `@417`: right behind that event of the log. */
  | { readonly kind: 'position'; readonly position: number }
  /** `+21.5`: time since the boot. */
  | { readonly kind: 'uptime'; readonly ns: bigint }
  /** Ns since the epoch. */
  | { readonly kind: 'wall'; readonly ns: bigint }
  /** `now`: behind the last event. */
  | { readonly kind: 'end' }

/** What relative times and times without a date or a zone are told from. */
export type MomentContext = Pick<Asker, 'nowNs' | 'zone'>

/** How to write a moment, for errors and help. */
export const momentForms =
  '"2026-11-20 14:03:07", "14:03", today, yesterday, now, -2h (ago), +21.5 (since boot), boot, or @POSITION.'

const int64Max = 2n ** 63n - 1n
const secondNs = 1_000_000_000n

/** @throws QuestionError when the text is no moment */
export function parseMoment(text: string, context: MomentContext): Moment {
  const moment = momentOf(text.trim(), context)
  if (moment === null) throw new QuestionError(`"${text}" is no time`, `Write ${momentForms}`)
  const tooBig = 'ns' in moment && (moment.ns > int64Max || moment.ns < -int64Max)
  if (tooBig) throw new QuestionError(`"${text}" is out of range`, 'Times are 64-bit numbers of nanoseconds.')
  return moment
}

function momentOf(text: string, context: MomentContext): Moment | null {
  const word = wordOf(text, context)
  if (word !== null) return word
  if (text.startsWith('@')) return positionOf(text.slice(1))
  if (text.startsWith('+')) {
    const ns = parseDuration(text.slice(1))
    return ns === null ? null : { kind: 'uptime', ns }
  }
  if (text.startsWith('-')) {
    const ns = parseDuration(text.slice(1))
    return ns === null ? null : { kind: 'wall', ns: context.nowNs - ns }
  }
  const ns = parseWallTime(text, context)
  return ns === null ? null : { kind: 'wall', ns }
}

function wordOf(text: string, context: MomentContext): Moment | null {
  switch (text) {
    case 'now':
      return { kind: 'end' }
    case 'boot':
      return { kind: 'uptime', ns: 0n }
    case 'recent':
      return { kind: 'wall', ns: context.nowNs - 600n * secondNs }
    case 'today':
      return { kind: 'wall', ns: midnight(context, 0) }
    case 'yesterday':
      return { kind: 'wall', ns: midnight(context, -1) }
    default:
      return null
  }
}

function positionOf(digits: string): Moment | null {
  if (!/^\d{1,15}$/.test(digits)) return null
  return { kind: 'position', position: Number(digits) }
}

const wallForm =
  /^(?:(\d{4})-(\d\d)-(\d\d))?(?:(?<=.)[ T](?=\d)|^|$)(?:(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)?\s*(Z|UTC|[+-]\d\d:?\d\d)?$/

/**
 * Ns since the epoch of a date, a time (of today), both, or ISO 8601 with or without its zone; null when the
 * text is none of them, or names a day that no calendar has.
 */
export function parseWallTime(text: string, context: MomentContext): bigint | null {
  const found = wallForm.exec(text)
  if (found === null || text === '') return null
  const [, year, month, date, hour = '0', minute = '0', second = '0', fraction = '', zone] = found
  if (year === undefined && found[4] === undefined) return null
  const day: CalendarDay =
    year === undefined ? context.zone.dayAt(context.nowNs) : [Number(year), Number(month), Number(date)]
  const time = [Number(hour), Number(minute), Number(second)] as const
  if (!isOnCalendar(day) || time[0] > 23 || time[1] > 59 || time[2] > 59) return null
  return secondsIn(zone, day, time, context) * secondNs + scaled('0', fraction, secondNs)
}

/** Ns since the epoch of `1700000000.25`; null when it is no such number. */
export function parseEpochSeconds(text: string): bigint | null {
  const found = /^(\d+)(?:\.(\d+))?$/.exec(text)
  return found === null ? null : scaled(found[1] ?? '', found[2] ?? '', secondNs)
}

/** Seconds since the epoch; a time that names no zone is of the asker's. */
function secondsIn(
  zone: string | undefined,
  day: CalendarDay,
  time: TimeOfDay,
  context: MomentContext
): bigint {
  if (zone === undefined) return context.zone.epochSeconds(day, time)
  return utc.epochSeconds(day, time) - BigInt(zoneSeconds(zone))
}

function zoneSeconds(zone: string): number {
  if (zone === 'Z' || zone === 'UTC') return 0
  const [sign, digits] = [zone.startsWith('-') ? -1 : 1, zone.replaceAll(/\D/g, '')]
  return sign * (Number(digits.slice(0, 2)) * 3600 + Number(digits.slice(2)) * 60)
}

/** The beginning of a day, `days` from today: a day may have 23 or 25 hours. */
function midnight({ nowNs, zone }: MomentContext, days: number): bigint {
  const [year, month, day] = zone.dayAt(nowNs)
  return zone.epochSeconds([year, month, day + days], [0, 0, 0]) * secondNs
}
