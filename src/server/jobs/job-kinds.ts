import { z } from 'zod'
import { openSqliteLog, type SqliteLog } from '../../events/index.ts'
import { projections, streamAsked } from '../../projections/index.ts'
import {
  checkStream,
  findingRow,
  manifest,
  manifestModules,
  streamCheck,
  whatIfAnswer,
  whatIfTimeline
} from '../../replay/index.ts'
import type { Role } from '../access/tokens.ts'
import { check, policyName, verify, whatIf } from '../contract.ts'

/** How far a job is, in whatever it counts. */
export type OnProgress = (done: number, total: number) => void

/** A kind of long work, which a thread of its own does. */
export interface JobKind {
  /** What it takes besides its name. */
  readonly parameters: z.ZodObject
  readonly result: z.ZodType
  readonly role: Role
  readonly description: string
  run(databasePath: string, parameters: unknown, onProgress: OnProgress): Promise<unknown>
}

async function withLog<T>(path: string, readOnly: boolean, use: (log: SqliteLog) => Promise<T>): Promise<T> {
  const log = await openSqliteLog({ path, readModels: [projections], readOnly })
  try {
    return await use(log)
  } finally {
    await log.close()
  }
}

const name = z.string().min(1).max(500)

/** HTTP's way of asking: options are parameters. */
const asker = { option: (option: string) => option }

const checkParameters = z.strictObject({
  stream: name.optional(),
  policy: policyName.optional(),
  invariant: z.array(name).max(100).optional()
})

/** Looks at the whole history of a stream, and again where something is found. */
async function runCheck(path: string, parameters: unknown, onProgress: OnProgress): Promise<unknown> {
  const asked = checkParameters.parse(parameters)
  return withLog(path, true, async (log) => {
    const info = await streamAsked(asker, log, asked)
    const what = await streamCheck(log, info.stream, info.lastPosition, asked)
    let done = 0
    const findings = await checkStream(log, info.stream, what, (count) => {
      done = Math.min(done + count, info.revision)
      onProgress(done, info.revision)
    })
    return findings.map((finding) => findingRow(info.stream, what.policy, finding))
  })
}

const whatIfParameters = z.strictObject({
  stream: name.optional(),
  policy: policyName.optional(),
  /** Modules as a manifest has them, in place of recorded ones or beside them. */
  with: manifest.optional(),
  without: z.array(name).max(100).optional(),
  task: z.int().optional()
})

async function runWhatIf(path: string, parameters: unknown): Promise<unknown> {
  const { with: added = {}, without = [], task = null, ...asked } = whatIfParameters.parse(parameters)
  return withLog(path, true, async (log) => {
    const info = await streamAsked(asker, log, asked)
    const specs = [...manifestModules(added).specs.values()]
    return whatIfAnswer(asker, log, info, {
      policy: asked.policy,
      added: specs.map((spec) => ({ spec, loadedBefore: null })),
      without,
      manifest: new Map(),
      task
    })
  })
}

const whatIfTimelineParameters = z.strictObject({
  stream: name.optional(),
  policy: policyName
})

async function runWhatIfTimeline(path: string, parameters: unknown): Promise<{ lines: string[] }> {
  const asked = whatIfTimelineParameters.parse(parameters)
  return withLog(path, true, async (log) => {
    const lines: string[] = []
    const info = await streamAsked(asker, log, asked)
    for await (const line of whatIfTimeline(asker, log, info, asked.policy)) lines.push(line)
    return { lines }
  })
}

/** Every kind, by its name. */
export const jobKinds = {
  verify: {
    parameters: z.strictObject({}),
    result: verify.omit({ kept: true }).meta({ id: 'Verified' }),
    role: 'read',
    description: 'Checks that no event was changed since it was written (`klplog verify`).',
    run: (path, _, onProgress) => withLog(path, true, (log) => log.verify(onProgress))
  },
  check: {
    parameters: checkParameters,
    result: z.array(check.meta({ id: 'Finding' })),
    role: 'read',
    description: 'Says where the history of a stream broke an invariant (`klplog check`).',
    run: runCheck
  },
  'what-if': {
    parameters: whatIfParameters,
    result: whatIf.meta({ id: 'WhatIf' }),
    role: 'read',
    description:
      'Runs the recorded operations under another policy or with other patches (`klplog what-if`).',
    run: runWhatIf
  },
  'what-if-timeline': {
    parameters: whatIfTimelineParameters,
    result: z
      .strictObject({
        lines: z.array(z.string()).meta({ description: 'As `GET /v1/timeline` gives them, the head first.' })
      })
      .meta({ id: 'WhatIfTimeline' }),
    role: 'read',
    description:
      'The whole timeline that a stream would have had under another policy (`klplog report --policy`).',
    run: runWhatIfTimeline
  },
  rebuild: {
    parameters: z.strictObject({}),
    result: z.strictObject({ events: z.int() }).meta({ id: 'Rebuilt' }),
    role: 'admin',
    description: 'Makes what is derived from the events again (`klplog rebuild`).',
    run: (path, _, onProgress) => withLog(path, false, (log) => log.rebuild(onProgress))
  }
} as const satisfies Readonly<Record<string, JobKind>>

export type JobKindName = keyof typeof jobKinds
export const jobKindNames = Object.keys(jobKinds) as [JobKindName, ...JobKindName[]]
