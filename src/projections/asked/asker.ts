/** A day of the calendar: year, month from 1, day from 1. */
export type CalendarDay = readonly [year: number, month: number, day: number]

/** Hours, minutes and seconds of a day. */
export type TimeOfDay = readonly [hour: number, minute: number, second: number]

/** A time zone. The local one is part of the environment, so a face hands it in. */
export interface Zone {
  /** Seconds since the epoch; a day beyond the month's ends counts on. */
  epochSeconds(day: CalendarDay, time: TimeOfDay): bigint
  /** The day that it is there, so many ns after the epoch. */
  dayAt(ns: bigint): CalendarDay
}

/** What the words of a question leave to the face that it is asked through. */
export interface Asker {
  readonly nowNs: bigint
  /** The zone of times that name none. */
  readonly zone: Zone
  /** A wall time as this face writes it. */
  wallTime(ns: bigint): string
  /** An option as this face has it typed: `--since`, `since`. */
  option(name: string): string
}

const daySeconds = 86_400n
const dayNs = daySeconds * 1_000_000_000n

/** UTC, which needs nothing of the environment. */
export const utc: Zone = {
  epochSeconds: (day, [hour, minute, second]) =>
    epochDay(day) * daySeconds + BigInt(hour * 3600 + minute * 60 + second),
  dayAt: (ns) => calendarDay(ns >= 0n ? ns / dayNs : -((-ns + dayNs - 1n) / dayNs))
}

/** True for a day that the calendar has. */
export function isOnCalendar(day: CalendarDay): boolean {
  const [year, month, date] = calendarDay(epochDay(day))
  return day[0] === year && day[1] === month && day[2] === date
}

const daysIn400Years = 146_097
const epochFromMarch0 = 719_468

/**
 * Days since the epoch, by the Gregorian calendar. Years are counted from March, so that a leap day is the
 * last of its year and the lengths of the months before it follow one rule.
 */
function epochDay([year, month, day]: CalendarDay): bigint {
  const years = month > 2 ? year : year - 1
  const era = Math.floor(years / 400)
  const yearOfEra = years - era * 400
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return BigInt(era * daysIn400Years + dayOfEra - epochFromMarch0)
}

/** The inverse of `epochDay`. */
function calendarDay(epoch: bigint): CalendarDay {
  const days = Number(epoch) + epochFromMarch0
  const era = Math.floor(days / daysIn400Years)
  const dayOfEra = days - era * daysIn400Years
  const leapDays =
    Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096)
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365)
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
  return [yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day]
}
