import { z } from 'zod'
import { catalogue } from './catalogue.ts'
import type { NewEvent } from './event.ts'

/*
 * New events and rejected evidence as JSON, between a host that ships them and a service that keeps them.
 * Numbers of 64 bits are decimal text.
 */

const decimal = /^-?\d{1,19}$/
const int64 = z
  .string()
  .regex(decimal)
  // A text that the pattern has refused comes here too.
  .refine((text) => !decimal.test(text) || isInt64(BigInt(text)), 'is wider than 64 bits')
function isInt64(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value
}

const line = z.int().nonnegative()

const evidence = z.strictObject({
  source: z.string().min(1),
  line,
  raw: z.string(),
  latin1: z.boolean().optional(),
  inferred: z.boolean().optional()
})

const envelope = {
  id: z.string().regex(/^[0-9a-f]{32}$/),
  uptimeNs: int64,
  wallNs: int64.nullable(),
  evidence
}

type Option = z.ZodObject<{ type: z.ZodLiteral<string> }>
const options = Object.entries(catalogue).map(([type, { data }]) =>
  z.strictObject({ type: z.literal(type), data, ...envelope })
)

/** A new event on the wire. */
export const wireEvent = z
  .discriminatedUnion('type', options as unknown as [Option, ...Option[]])
  .meta({ id: 'NewEvent', description: 'An event to append. The id is derived from its evidence.' })

/** Rejected evidence on the wire. */
export const wireRejected = z
  .strictObject({
    stream: z.string().min(1).nullable(),
    source: z.string().min(1),
    line,
    reason: z.string(),
    raw: z.string(),
    latin1: z.boolean().optional()
  })
  .meta({ id: 'RejectedEvidence', description: 'Evidence that no reader understood, and why.' })

/** An event as it goes over the wire. */
export type WireEvent = Omit<NewEvent, 'uptimeNs' | 'wallNs'> & {
  readonly uptimeNs: string
  readonly wallNs: string | null
}

export function toWire({ uptimeNs, wallNs, ...event }: NewEvent): WireEvent {
  return { ...event, uptimeNs: String(uptimeNs), wallNs: wallNs === null ? null : String(wallNs) }
}

/** The event of a value that `wireEvent` has let through. */
export function fromWire({ uptimeNs, wallNs, ...event }: WireEvent): NewEvent {
  return {
    ...event,
    uptimeNs: BigInt(uptimeNs),
    wallNs: wallNs === null ? null : BigInt(wallNs)
  } as NewEvent
}
