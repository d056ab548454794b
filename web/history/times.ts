import { milliseconds } from '../../src/projections/index.ts'

/** Ns since boot as the kernel prints them: `+21.306633`. */
export function uptimeText(ns: bigint): string {
  return `+${ns / 1_000_000_000n}.${String((ns % 1_000_000_000n) / 1000n).padStart(6, '0')}`
}

/** Ns since the epoch in the reader's zone, to the microsecond. */
export function wallText(ns: bigint): string {
  const date = new Date(Number(ns / 1_000_000n))
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000)
  const micros = String((ns / 1000n) % 1_000_000n).padStart(6, '0')
  return `${local.toISOString().slice(0, 19).replace('T', ' ')}.${micros}`
}

/** A length of time, exact to the microsecond: `9542.504 ms`. */
export function lengthText(ns: bigint): string {
  return `${milliseconds(ns)} ms`
}
