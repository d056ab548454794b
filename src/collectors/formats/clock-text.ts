/** Printed times as bigint nanoseconds: digits are moved as text, so no time passes through a float. */

/** `SECONDS.FRACTION` (each without the dot, 1 to 9 fraction digits) in ns. */
export function secondsNs(seconds: string, fraction: string): bigint {
  return BigInt(seconds + fraction.padEnd(9, '0'))
}

/** Decimal digits of microseconds in ns. */
export function microsecondsNs(digits: string): bigint {
  return BigInt(`${digits}000`)
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

const ctimePattern = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d\d):(\d\d):(\d\d) (\d{4})$/

/**
 * `Mon Nov 23 14:02:38 2026`, as `dmesg -T` prints it, in ns since the epoch; null when it is no date.
 * The text names no zone and the reader's own would give another answer on every host, so it is read as UTC.
 */
export function ctimeNs(text: string): bigint | null {
  const found = ctimePattern.exec(text)
  if (found === null) return null
  const [, month = '', day, hour, minute, second, year] = found
  return calendarNs([year, months.indexOf(month), day, hour, minute, second].map(Number))
}

const isoPattern = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)[.,](\d{1,9})(?:Z|([+-])(\d\d):?(\d\d))$/

/** `2026-11-23T14:02:38,086995+01:00`, as `dmesg --time-format iso` prints it, in ns since the epoch. */
export function isoNs(text: string): bigint | null {
  const found = isoPattern.exec(text)
  if (found === null) return null
  const [, year, month, day, hour, minute, second, fraction = ''] = found
  const [sign, zoneHours = '0', zoneMinutes = '0'] = found.slice(8)
  const local = calendarNs([year, Number(month) - 1, day, hour, minute, second].map(Number))
  if (local === null) return null
  const zoneNs = (BigInt(zoneHours) * 60n + BigInt(zoneMinutes)) * 60_000_000_000n
  const utc = sign === '-' ? local + zoneNs : local - zoneNs
  return utc + secondsNs('0', fraction)
}

/**
 * [year, month from 0, day, hour, minute, second] in ns since the epoch; null for 31 February and the like.
 */
function calendarNs(parts: readonly number[]): bigint | null {
  const [year = 0, month = -1, day = 0, hour = 0, minute = 0, second = 0] = parts
  const date = new Date(Date.UTC(year, month, day, hour, minute, second))
  const kept =
    date.getUTCFullYear() === year &&
    date.getUTCMonth() === month &&
    date.getUTCDate() === day &&
    date.getUTCHours() === hour &&
    date.getUTCMinutes() === minute
  return kept ? BigInt(date.getTime()) * 1_000_000n : null
}
