import { z } from 'zod'
import type { StreamInfo } from '../events/index.ts'
import { momentForms, positionAsked, rangeAsked, streamAsked, type TimeRange } from '../projections/index.ts'
import { HttpProblem } from './problem.ts'
import type { Service } from './service.ts'

/** Names and moments are short; what is longer is no honest one. */
const text = z.string().min(1).max(500)

/** The parameters that choose a stream, as the command line's options do. */
export const streamQuery = {
  stream: named('The boot of a host, or an unambiguous part of its name.').optional(),
  host: named('The host.').optional(),
  boot: named('The boot: its id, 0 for the last one, -1 for the one before.').optional()
}

/** The moment of a question about one. */
export const atQuery = {
  at: moment(`A moment: ${momentForms} Times are in UTC. Default: the last event.`).optional()
}

/** The range of a question about one. */
export const rangeQuery = {
  since: moment('From this moment on, written as `at` is.').optional(),
  until: moment('Up to this moment.').optional()
}

/** A moment. In a query a `+` that is not spelt %2B is a space, and no moment begins with one. */
export function moment(description: string) {
  return text.transform((asked) => asked.replace(/^ /, '+')).meta({ type: 'string', description })
}

/** A whole number in a query. */
export function count(description: string, digitsMax = 9) {
  return z
    .string()
    .regex(new RegExp(`^\\d{1,${digitsMax}}$`), 'is no whole number')
    .transform(Number)
    .meta({ type: 'integer', minimum: 0, description })
}

/** A place in the log: `98` or `@98`. */
export function place(description: string) {
  return z
    .string()
    .regex(/^@?\d{1,15}$/, 'is no position: positions are written 98 or @98')
    .transform((digits) => Number(digits.replace('@', '')))
    .meta({ type: 'string', pattern: '^@?[0-9]{1,15}$', description })
}

export const task = count('The number of a thread.').optional()

/** A name. */
export function named(description: string) {
  return text.meta({ description })
}

const namesMax = 50

/** A parameter that may be given several times, for alternatives. */
export function names(description: string) {
  return z
    .preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(text).max(namesMax))
    .optional()
    .meta({ description })
}

/** A parameter that is there or not: `true` or `false`. */
export function flag(description: string) {
  return z
    .enum(['true', 'false'])
    .transform((word) => word === 'true')
    .optional()
    .meta({ type: 'boolean', description })
}

interface StreamParameters {
  readonly stream?: string | undefined
  readonly host?: string | undefined
  readonly boot?: string | undefined
}

interface TimeParameters {
  readonly at?: string | undefined
  readonly since?: string | undefined
  readonly until?: string | undefined
}

/** The stream that is asked about. */
export function theStream({ log, asker }: Service, query: StreamParameters): Promise<StreamInfo> {
  return streamAsked(asker(), log, query)
}

/** The position that `at` means. */
export function thePosition({ log, asker }: Service, stream: StreamInfo, at?: string): Promise<number> {
  return positionAsked(asker(), log, stream, at)
}

/** The times that `since` and `until`, or `at`, mean. */
export async function theTimes(
  { log, asker }: Service,
  stream: StreamInfo,
  { at, since, until }: TimeParameters
): Promise<TimeRange> {
  if (at !== undefined && (since ?? until) !== undefined) {
    throw new HttpProblem('bad-request', 'at is one moment, since and until are a range', {
      hint: 'Give one or the other.'
    })
  }
  const range = at === undefined ? { since, until } : { since: at, until: at }
  return (await rangeAsked(asker(), log, stream, range)).times
}
