import { z } from 'zod'

/**
 * What each question is answered with: docs/json.md in schemas. Strict, so that a field that nobody wrote down
 * is found. Where an answer is an array, this is one row of it.
 */

export const ns = z.string().regex(/^-?\d+$/)
export const position = z.int().positive()
export const functionKey = z.string().regex(/^[^:]+:.+,\d+$/)
export const unsure = z.string().nullable()
const version = z.string()
export const policyName = z.enum(['mainline', 'hybrid', 'replace-set'])
export const policy = policyName.nullable()

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
export const status = z.enum(['active', 'partial', 'shadowed', 'stale', 'gone'])
const reach = z.enum(['all', 'none', 'switched', 'unswitched'])
const hookKind = z.enum(['kprobe', 'kprobe_multi', 'fentry', 'fexit', 'fmod_ret'])

export const stack = z.strictObject({
  stream: z.string(),
  position: z.int().nonnegative(),
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

export const hooks = z.strictObject({
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

export const gaps = z.strictObject({
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

export const runs = z.strictObject({
  fromNs: ns,
  toNs: ns.nullable(),
  function: functionKey,
  version,
  patch: z.string().nullable(),
  hook: z.string().nullable(),
  tasks: z.enum(['all', 'switched', 'unswitched']),
  unsure
})

export const blocking = z.strictObject({
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

export const log = z.strictObject({
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

export const show = log.extend({
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

export const diff = z.strictObject({
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

export const blame = z.strictObject({
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

export const digest = z.string().regex(/^[0-9a-f]{64}$/)

export const streams = z.strictObject({
  stream: z.string(),
  events: z.int(),
  rejected: z.int(),
  firstPosition: z.int(),
  lastPosition: z.int(),
  firstNs: ns,
  lastNs: ns,
  bootTimeNs: ns.nullable()
})

export const rejected = z.strictObject({
  id: z.int().positive(),
  stream: z.string().nullable(),
  source: z.string(),
  line: z.int(),
  reason: z.string(),
  raw: z.string(),
  latin1: z.boolean().optional()
})

export const verify = z.strictObject({
  ok: z.boolean(),
  events: z.int(),
  commits: z.int(),
  head: digest,
  fault: z.strictObject({ position: z.int(), reason: z.string() }).nullable(),
  kept: z.strictObject({ digest: z.string(), commit: z.int().nullable() }).optional()
})

const deed = z.strictObject({ position, type: z.string() })

export const check = z.strictObject({
  stream: z.string(),
  policy: policyName,
  invariant: z.string(),
  promised: z.boolean(),
  subject: z.string(),
  text: z.string(),
  position,
  fromNs: ns,
  toNs: ns.nullable(),
  durationNs: ns.nullable(),
  lasting: z.boolean(),
  ended: deed.nullable(),
  unsure,
  cause: deed.extend({ actor: actor.nullable() }).nullable(),
  command: z.strictObject({ position, command: z.string(), actor: actor.nullable() }).nullable(),
  evidence: z.array(
    z.strictObject({ source: z.string(), line: z.int(), raw: z.string(), inferred: z.boolean() })
  ),
  before: z.strictObject({ position: z.int(), uptimeNs: ns }),
  diff: diff.omit({ stream: true, from: true, to: true }),
  avoidable: z.strictObject({ position: z.int(), uptimeNs: ns, ifOnly: z.string(), next: deed }).nullable()
})

const whatIfSide = z.strictObject({ errno: z.int(), parts: z.string().nullable() })

export const whatIf = z.strictObject({
  stream: z.string(),
  recordedPolicy: policyName,
  policy: policyName,
  with: z.array(z.string()),
  without: z.array(z.string()),
  same: z.boolean(),
  gaps: z.strictObject({ recorded: z.array(gaps), whatIf: z.array(gaps) }),
  steps: z.array(
    z.strictObject({
      uptimeNs: ns,
      operation: z.string(),
      recorded: whatIfSide.nullable(),
      whatIf: whatIfSide.nullable(),
      movedTo: z.string().nullable(),
      differs: z.boolean()
    })
  ),
  assumed: z.array(z.string()),
  unsure
})
