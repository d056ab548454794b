import { z } from 'zod'
import { ExpectedRevisionError, InvalidEventError, LogError, StoreError } from '../events/index.ts'
import { QuestionError } from '../projections/index.ts'

/** What is wrong with a request, or with the service, as RFC 9457 has it told. */
export const problemSchema = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    hint: z.string().optional(),
    errors: z.array(z.strictObject({ at: z.string(), message: z.string() })).optional(),
    expected: z.union([z.string(), z.int()]).optional(),
    actual: z.int().optional(),
    index: z.int().optional()
  })
  .meta({ id: 'Problem', description: 'A problem document (RFC 9457); `hint` says what to do.' })

export type Problem = z.infer<typeof problemSchema>

/** The statuses that requests end with when they do not succeed, with their codes and titles. */
const kinds = {
  'bad-request': [400, 'The request cannot be understood'],
  'bad-question': [400, 'The question cannot be answered as asked'],
  unauthorized: [401, 'A token is needed'],
  forbidden: [403, 'The token does not allow this'],
  'not-found': [404, 'There is no such thing here'],
  'method-not-allowed': [405, 'This cannot be done with it'],
  timeout: [408, 'The request took too long to arrive'],
  'expected-revision': [409, 'The stream stands elsewhere'],
  'job-ended': [409, 'The job has ended'],
  'too-large': [413, 'The request is too large'],
  'unsupported-media-type': [415, 'The body is of another kind'],
  misdirected: [421, 'The request is for another host'],
  'invalid-body': [422, 'The body does not fit its schema'],
  'invalid-event': [422, 'An event does not fit the catalogue'],
  'rate-limited': [429, 'Too many requests'],
  'headers-too-large': [431, 'The headers are too large'],
  internal: [500, 'A fault of klplog'],
  store: [500, 'The log cannot be used'],
  busy: [503, 'The service is busy'],
  stopping: [503, 'The service is stopping'],
  'disk-full': [507, 'The disk is full']
} as const

export type ProblemKind = keyof typeof kinds

/** More of a problem than its kind and its sentence. */
export interface ProblemMore extends Pick<Problem, 'hint' | 'errors' | 'expected' | 'actual' | 'index'> {
  readonly headers?: Readonly<Record<string, string>>
  readonly cause?: unknown
}

/** A request that ends with a problem document. */
export class HttpProblem extends Error {
  readonly kind: ProblemKind
  readonly more: ProblemMore

  constructor(kind: ProblemKind, detail: string, more: ProblemMore = {}) {
    super(detail, more.cause === undefined ? {} : { cause: more.cause })
    this.name = new.target.name
    this.kind = kind
    this.more = more
  }

  get status(): number {
    return kinds[this.kind][0]
  }
}

/** Longer sentences would repeat what a request brought. */
const detailCharsMax = 1000

/** The document of a problem. */
export function problemDocument({ kind, message, more }: HttpProblem): Problem {
  const [status, title] = kinds[kind]
  const { headers: _, cause: __, ...members } = more
  return { type: `urn:klplog:problem:${kind}`, title, status, detail: cut(message), ...members }
}

function cut(text: string): string {
  return text.length > detailCharsMax ? `${text.slice(0, detailCharsMax)}…` : text
}

/** The response that tells a problem. */
export function problemResponse(problem: HttpProblem): Response {
  const headers = { ...problem.more.headers, 'content-type': 'application/problem+json' }
  return new Response(JSON.stringify(problemDocument(problem)), { status: problem.status, headers })
}

/** What to tell of an error; what is nobody's fault but ours is not spelt out. */
export function problemOf(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error
  if (error instanceof QuestionError) {
    return new HttpProblem('bad-question', error.message, { hint: error.hint })
  }
  if (error instanceof LogError) return problemOfLog(error)
  return new HttpProblem('internal', 'Something went wrong; the log of the service tells what.', {
    cause: error
  })
}

function problemOfLog(error: LogError): HttpProblem {
  const { message, hint } = error
  if (error instanceof ExpectedRevisionError) {
    const { expected, actual } = error
    return new HttpProblem('expected-revision', message, { hint, expected, actual })
  }
  if (error instanceof InvalidEventError) {
    return new HttpProblem('invalid-event', message, { hint, index: error.index })
  }
  if (error instanceof StoreError && error.code === 'locked') {
    return new HttpProblem('busy', message, { hint, headers: { 'retry-after': '1' }, cause: error })
  }
  const kind = error instanceof StoreError && error.code === 'disk-full' ? 'disk-full' : 'store'
  return new HttpProblem(kind, message, { hint, cause: error })
}
