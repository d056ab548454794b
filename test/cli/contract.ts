import { z } from 'zod'

/**
 * What each command prints as JSON: docs/json.md in schemas. Strict, so that a field that nobody wrote down
 * is found. A value of an array's command is one row.
 */

const ns = z.string().regex(/^-?\d+$/)
const position = z.int().positive()
const functionKey = z.string().regex(/^[^:]+:.+,\d+$/)
const unsure = z.string().nullable()
const version = z.string()
const policy = z.enum(['mainline', 'hybrid', 'replace-set']).nullable()

const actor = z.strictObject({
  pid: z.int().nullable(),
  comm: z.string().nullable(),
  uid: z.int().nullable(),
  auid: z.int().nullable(),
  command: z.string().nullable()
})

const view = z.strictObject({ version, hook: z.string().nullable() })
const entry = z.strictObject({ patch: z.string(), nop: z.boolean() })
const goal = z.enum(['patched', 'unpatched'])
const status = z.enum(['active', 'partial', 'shadowed', 'stale', 'gone'])
const reach = z.enum(['all', 'none', 'switched', 'unswitched'])
const hookKind = z.enum(['kprobe', 'kprobe_multi', 'fentry', 'fexit', 'fmod_ret'])

const stack = z.strictObject({
  stream: z.string(),
  position,
  uptimeNs: ns,
  policy,
  release: z.string().nullable(),
  transition: z
    .strictObject({
      patch: z.string(),
      goal,
      sinceNs: ns,
      switched: z.int(),
      blocked: z.int(),
      forcedNs: ns.nullable(),
      signaledNs: ns.nullable()
    })
    .nullable(),
  patches: z.array(
    z.strictObject({
      name: z.string(),
      enabled: z.boolean(),
      transition: z.boolean(),
      replace: z.boolean().nullable(),
      replaceable: z.boolean().nullable(),
      replaceSet: z.int().nullable(),
      stackOrder: z.int().positive().nullable(),
      forced: z.boolean(),
      objects: z.array(
        z.strictObject({
          name: z.string(),
          patched: z.boolean(),
          functions: z.array(z.strictObject({ name: z.string(), sympos: z.int(), nop: z.boolean() }))
        })
      ),
      since: ns,
      replacedBy: z.string().nullable()
    })
  ),
  functions: z.array(
    z.strictObject({ function: functionKey, stack: z.array(entry), switched: view, unswitched: view })
  ),
  blocked: z.array(
    z.strictObject({
      pid: z.int(),
      comm: z.string(),
      reason: z.string(),
      function: z.string().nullable(),
      since: ns,
      tries: z.int().positive()
    })
  ),
  contradictions: z.array(z.strictObject({ position, uptimeNs: ns, text: z.string() })),
  unsure: z.strictObject({ reason: z.string(), sinceNs: ns }).nullable()
})

const hooks = z.strictObject({
  program: z.string(),
  kind: hookKind,
  module: z.string().nullable(),
  function: z.string().nullable(),
  address: z.string().nullable(),
  status,
  since: ns,
  overrides: z.boolean().nullable(),
  reach,
  reason: z.string().nullable(),
  unsure
})

const gaps = z.strictObject({
  program: z.string(),
  fromNs: ns,
  toNs: ns.nullable(),
  task: z.int().nullable(),
  reason: z.string(),
  function: z.string().nullable(),
  durationNs: ns.nullable(),
  takenOver: z.strictObject({ program: z.string(), atNs: ns }).nullable(),
  unsure
})

const runs = z.strictObject({
  fromNs: ns,
  toNs: ns.nullable(),
  function: functionKey,
  version,
  patch: z.string().nullable(),
  hook: z.string().nullable(),
  tasks: z.enum(['all', 'switched', 'unswitched']),
  unsure
})

const blocking = z.strictObject({
  patch: z.string(),
  goal,
  transitionFromNs: ns,
  transitionToNs: ns.nullable(),
  pid: z.int(),
  comm: z.string(),
  reason: z.enum(['running', 'unreliable-stack', 'sleeping', 'unknown']),
  function: z.string().nullable(),
  fromNs: ns,
  toNs: ns.nullable(),
  tries: z.int().positive(),
  endedBy: z.enum(['switched', 'forced', 'transition']).nullable(),
  switched: z.int(),
  forcedNs: ns.nullable(),
  signaledNs: ns.nullable(),
  unsure
})

const log = z.strictObject({
  position,
  stream: z.string(),
  revision: z.int().positive(),
  type: z.string(),
  version: z.int().positive(),
  uptimeNs: ns,
  wallNs: ns.nullable(),
  data: z.record(z.string(), z.unknown()),
  evidence: z.strictObject({ source: z.string(), line: z.int().nonnegative(), inferred: z.boolean() })
})

const show = log.extend({
  evidence: log.shape.evidence.extend({ latin1: z.boolean(), raw: z.string() })
})

const place = z.strictObject({ position: z.int().nonnegative(), uptimeNs: ns })
const hookPlace = z.strictObject({
  program: z.string(),
  module: z.string().nullable(),
  function: z.string().nullable()
})
const change = <T extends z.ZodType>(value: T) => z.strictObject({ before: value, after: value })
const moving = z
  .strictObject({ patch: z.string(), goal, sinceNs: ns, switched: z.int(), blocked: z.int() })
  .nullable()

const diff = z.strictObject({
  stream: z.string(),
  from: place,
  to: place,
  patches: z.strictObject({
    added: z.array(z.string()),
    removed: z.array(z.string()),
    changed: z.array(z.strictObject({ name: z.string(), fields: z.record(z.string(), change(z.unknown())) }))
  }),
  functions: z.array(change(z.array(entry)).extend({ function: functionKey })),
  hooks: z.strictObject({
    attached: z.array(hookPlace),
    detached: z.array(hookPlace),
    changed: z.array(hookPlace.extend({ status: change(status), reach: change(reach) }))
  }),
  modules: z.strictObject({ loaded: z.array(z.string()), unloaded: z.array(z.string()) }),
  transition: change(moving).nullable()
})

const blame = z.strictObject({
  function: functionKey,
  place: z.int().positive(),
  patch: z.string(),
  nop: z.boolean(),
  newName: z.string().nullable(),
  position,
  uptimeNs: ns,
  type: z.string(),
  enabledPosition: position,
  actor: actor.nullable(),
  unsure
})

const digest = z.string().regex(/^[0-9a-f]{64}$/)

const streams = z.strictObject({
  stream: z.string(),
  events: z.int(),
  rejected: z.int(),
  firstPosition: z.int(),
  lastPosition: z.int(),
  firstNs: ns,
  lastNs: ns,
  bootTimeNs: ns.nullable()
})

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

const rejected = z.strictObject({
  id: z.int().positive(),
  stream: z.string().nullable(),
  source: z.string(),
  line: z.int(),
  reason: z.string(),
  raw: z.string(),
  latin1: z.boolean().optional()
})

const verify = z.strictObject({
  ok: z.boolean(),
  events: z.int(),
  commits: z.int(),
  head: digest,
  fault: z.strictObject({ position: z.int(), reason: z.string() }).nullable(),
  kept: z.strictObject({ digest: z.string(), commit: z.int().nullable() }).optional()
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
  ingest: { one: ingest, rows: true },
  rejected: { one: rejected, rows: true },
  streams: { one: streams, rows: true },
  verify: { one: verify, rows: false },
  import: { one: imported, rows: false },
  conform: { one: conformance, rows: true },
  explore: { one: exploration, rows: false },
  simulate: { one: simulation, rows: false }
} as const

/** Parses what a command printed with -o json; throws where it is not as the contract says. */
export function parseAnswer(command: keyof typeof contract, text: string): unknown {
  const { one, rows } = contract[command]
  const schema: z.ZodType = rows ? z.array(one) : one
  return schema.parse(JSON.parse(text))
}
