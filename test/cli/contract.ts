import { z } from 'zod'
import {
  blame,
  blocking,
  check,
  diff,
  digest,
  functionKey,
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
  status,
  streams,
  unsure,
  verify,
  whatIf
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

const shipment = z.strictObject({
  to: z.string(),
  streams: z.array(
    ingest.omit({ appended: true, appendedLate: true, alreadyKnown: true, stored: true }).extend({
      spooled: z.int(),
      alreadySpooled: z.int()
    })
  ),
  shipped: z.strictObject({
    appended: z.int(),
    alreadyKnown: z.int(),
    waiting: z.int(),
    refused: z.int()
  }),
  trouble: z.string().nullable()
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
      failures,
      violations: z
        .array(
          z.strictObject({
            invariant: z.string(),
            subject: z.string(),
            text: z.string(),
            promised: z.boolean()
          })
        )
        .optional()
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

const preflight = z.strictObject({
  stream: z.string(),
  position: z.int().min(0),
  uptimeNs: ns,
  policy,
  patch: z.string(),
  verdict: z.enum(['fine', 'at-risk', 'refused', 'present']),
  refused: z.strictObject({ errno: z.int().positive(), why: z.string() }).nullable(),
  hooks: z.array(
    z.strictObject({
      program: z.string(),
      module: z.string().nullable(),
      function: z.string().nullable(),
      functions: z.array(functionKey),
      effect: z.enum(['bypassed', 'shadowed', 'lost']),
      reason: z.string(),
      atLeastNs: ns.nullable(),
      until: z.enum(['transition', 'patch', 'attach'])
    })
  ),
  invariants: z.array(
    z.strictObject({
      invariant: z.string(),
      says: z.string(),
      subject: z.string(),
      text: z.string(),
      promised: z.boolean()
    })
  ),
  instead: z.array(z.string()),
  unsure
})

const violation = z.strictObject({
  invariant: z.string(),
  subject: z.string(),
  text: z.string(),
  position,
  fromNs: ns,
  toNs: ns.nullable(),
  toPosition: position.nullable(),
  lasting: z.boolean(),
  promised: z.boolean(),
  unsure
})
const story = z.strictObject({
  tasks: z.array(z.string()),
  steps: z.array(
    z.strictObject({
      uptimeNs: ns,
      who: z.string(),
      what: z.string(),
      errno: z.int(),
      changes: z.array(z.string()),
      patches: z.array(
        z.strictObject({
          name: z.string(),
          state: z.enum(['patching', 'enabled', 'unpatching', 'replaced', 'disabled'])
        })
      ),
      hooks: z.array(z.strictObject({ program: z.string(), status })),
      wrong: z.array(z.string())
    })
  ),
  violation,
  why: z.string()
})
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const replay = z.strictObject({
  klplog: z.string(),
  head: sha256,
  request: z.strictObject({
    stream: z.string(),
    policy: policy.unwrap(),
    from: position,
    to: position,
    faults: z.array(z.string()),
    depth: z.int(),
    ahead: z.int(),
    seed: z.int().nullable(),
    runs: z.int().nullable()
  }),
  operations: z.int(),
  injections: z.int(),
  complete: z.boolean(),
  digest: sha256,
  differences: z.array(z.string()),
  evidence: z.array(
    z.strictObject({
      source: z.string(),
      fault: z.string(),
      places: z.int().positive(),
      equal: z.int().min(0),
      unsure: z.int().min(0),
      hidden: z.int().min(0),
      late: z.int().min(0),
      wrong: z.int().min(0),
      first: z.strictObject({ seed: z.int(), fromNs: ns, what: z.string(), hidden: z.boolean() }).nullable()
    })
  ),
  findings: z.array(
    z.strictObject({
      faults: z.array(
        z.strictObject({ fault: z.string(), variant: z.string(), uptimeNs: ns, before: z.string() })
      ),
      invariant: z.string(),
      says: z.string(),
      promised: z.boolean(),
      subject: z.string(),
      text: z.string(),
      uptimeNs: ns,
      times: z.int().positive(),
      digest: sha256,
      evidence: z.strictObject({ position, source: z.string(), line: z.int() }).nullable(),
      story: story.nullable(),
      scenario: z.string().nullable()
    })
  )
})

const exploration = z.strictObject({
  policy,
  file: z.string().nullable(),
  patches: z.int(),
  functions: z.int(),
  tasks: z.int(),
  hooks: z.int(),
  callDepth: z.int(),
  end: z.enum(['exhausted', 'depth', 'states', 'interrupted']),
  states: z.int(),
  transitions: z.int(),
  depth: z.int(),
  bitsPerState: z.int(),
  bytesPerState: z.int(),
  neverTaken: z.array(z.string()),
  neverRefused: z.array(z.string()),
  invariants: z.array(
    z.strictObject({
      id: z.string(),
      says: z.string(),
      promised: z.boolean(),
      steps: z.int().positive().nullable(),
      text: z.string().nullable(),
      why: z.string().nullable(),
      tasks: z.array(z.string()),
      story: z.array(
        z.strictObject({
          who: z.string(),
          what: z.string(),
          errno: z.int(),
          changes: z.array(z.string()),
          wrong: z.array(z.string())
        })
      )
    })
  )
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
  'ingest --to': { one: shipment, rows: false },
  rejected: { one: rejected, rows: true },
  streams: { one: streams, rows: true },
  verify: { one: verify, rows: false },
  import: { one: imported, rows: false },
  conform: { one: conformance, rows: true },
  simulate: { one: simulation, rows: false },
  'what-if': { one: whatIf, rows: false },
  preflight: { one: preflight, rows: true },
  replay: { one: replay, rows: false },
  explore: { one: exploration, rows: false }
} as const

/** Parses what a command printed with -o json; throws where it is not as the contract says. */
export function parseAnswer(command: keyof typeof contract, text: string): unknown {
  const { one, rows } = contract[command]
  const schema: z.ZodType = rows ? z.array(one) : one
  return schema.parse(JSON.parse(text))
}
