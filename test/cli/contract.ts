import { z } from 'zod'
import {
  blame,
  blocking,
  check,
  diff,
  digest,
  gaps,
  hooks,
  log,
  ns,
  policy,
  position,
  rejected,
  runs,
  show,
  stack,
  streams,
  verify
} from '../../src/server/contract.ts'

/** What the commands print as JSON: the answers that the service gives too, and those of the commands alone. */

const ingest = z.strictObject({
  stream: z.string(),
  lines: z.int(),
  usedLines: z.int(),
  confirmingLines: z.int(),
  unrelatedLines: z.int(),
  rejectedLines: z.int(),
  appended: z.int(),
  appendedLate: z.int(),
  alreadyKnown: z.int(),
  policy,
  policyFrom: z.string(),
  bootTimeNs: ns.nullable(),
  stored: z.strictObject({ policy, bootTimeNs: ns.nullable() }),
  skippedFiles: z.array(z.string())
})

const imported = z.strictObject({
  commits: z.int(),
  written: z.int(),
  events: z.int(),
  rejected: z.int(),
  head: digest
})

/** By command: the schema of its answer, or of one row where the answer is an array of rows. */
const conformance = z.strictObject({
  recording: z.string(),
  policy: z.string(),
  operations: z.int(),
  explained: z.int(),
  divergences: z.array(
    z.strictObject({
      position: position.nullable(),
      uptimeNs: ns,
      operation: z.string(),
      mechanism: z.string(),
      expected: z.string().nullable(),
      observed: z.string().nullable(),
      evidence: z.array(z.string())
    })
  )
})

const failures = z.array(z.strictObject({ what: z.string(), expected: z.string(), found: z.string() }))

const simulation = z.strictObject({
  title: z.string(),
  policy: z.enum(['mainline', 'hybrid', 'replace-set']),
  kernel: z.string(),
  ok: z.boolean(),
  steps: z.array(
    z.strictObject({
      line: z.int().positive(),
      step: z.string(),
      uptimeNs: ns,
      errno: z.int(),
      changes: diff.omit({ stream: true, from: true, to: true }),
      log: z.array(z.string()),
      failures
    })
  ),
  failures,
  end: z.strictObject({
    stack: stack
      .pick({ stream: true, position: true, uptimeNs: true, policy: true, transition: true, unsure: true })
      .extend({ patches: z.array(stack.shape.patches.element.omit({ since: true, replacedBy: true })) }),
    functions: stack.shape.functions,
    hooks: z.array(hooks)
  })
})

export const contract = {
  stack: { one: stack, rows: false },
  hooks: { one: hooks, rows: true },
  gaps: { one: gaps, rows: true },
  runs: { one: runs, rows: true },
  blocking: { one: blocking, rows: true },
  log: { one: log, rows: true },
  show: { one: show, rows: false },
  diff: { one: diff, rows: false },
  blame: { one: blame, rows: true },
  check: { one: check, rows: true },
  ingest: { one: ingest, rows: true },
  rejected: { one: rejected, rows: true },
  streams: { one: streams, rows: true },
  verify: { one: verify, rows: false },
  import: { one: imported, rows: false },
  conform: { one: conformance, rows: true },
  simulate: { one: simulation, rows: false }
} as const

/** Parses what a command printed with -o json; throws where it is not as the contract says. */
export function parseAnswer(command: keyof typeof contract, text: string): unknown {
  const { one, rows } = contract[command]
  const schema: z.ZodType = rows ? z.array(one) : one
  return schema.parse(JSON.parse(text))
}
