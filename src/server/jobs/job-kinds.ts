import { z } from 'zod'
import { openSqliteLog, type SqliteLog } from '../../events/index.ts'
import { projections, streamAsked } from '../../projections/index.ts'
import { checkStream, findingRow, streamCheck } from '../../replay/index.ts'
import type { Role } from '../access/tokens.ts'
import { check, verify } from '../contract.ts'

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

const checkParameters = z.strictObject({
  stream: name.optional(),
  policy: z.enum(['mainline', 'hybrid', 'replace-set']).optional(),
  invariant: z.array(name).max(100).optional()
})

/** Looks at the whole history of a stream, and again where something is found. */
async function runCheck(path: string, parameters: unknown, onProgress: OnProgress): Promise<unknown> {
  const asked = checkParameters.parse(parameters)
  return withLog(path, true, async (log) => {
    const info = await streamAsked({ option: (option) => option }, log, asked)
    const what = await streamCheck(log, info.stream, info.lastPosition, asked)
    let done = 0
    const findings = await checkStream(log, info.stream, what, (count) => {
      done = Math.min(done + count, info.revision)
      onProgress(done, info.revision)
    })
    return findings.map((finding) => findingRow(info.stream, what.policy, finding))
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
