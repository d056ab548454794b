import { createRoute, type OpenAPIHono, type RouteConfig } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { z } from 'zod'
import { type Client, letIn } from './access/access.ts'
import type { Role } from './access/tokens.ts'
import { readJson } from './body.ts'
import { HttpProblem, problemSchema } from './problem.ts'
import type { Service } from './service.ts'

/** What was asked: each part as its schema let it through. */
export interface Asked<Query, Params, Body> {
  readonly query: Query
  readonly params: Params
  readonly body: Body
  readonly client: Client
  readonly context: Context
}

/** An endpoint as its author writes it. */
export interface EndpointSpec<Query extends z.ZodObject, Params extends z.ZodObject, Body extends z.ZodType> {
  readonly method: 'get' | 'post' | 'delete'
  readonly path: string
  readonly role: Role
  readonly tag: 'Questions' | 'The log' | 'Live' | 'Jobs'
  readonly summary: string
  readonly description?: string
  readonly query?: Query
  readonly params?: Params
  readonly body?: Body
  /** The answer's schema; of a stream, its media type. */
  readonly answer: z.ZodType | 'text/event-stream' | 'application/x-ndjson'
  readonly status?: 200 | 202
  /** The answer, or a response of its own. */
  readonly run: (
    service: Service,
    asked: Asked<z.infer<Query>, z.infer<Params>, z.infer<Body>>
  ) => Promise<unknown>
}

/** An endpoint as the service takes it. */
export interface Endpoint {
  readonly method: string
  readonly path: string
  addTo(app: OpenAPIHono, service: Service): void
}

const nothing = z.strictObject({})

/** Makes an endpoint of a spec: its route, its place in the OpenAPI document, and the checks before it. */
export function defineEndpoint<
  Query extends z.ZodObject = typeof nothing,
  Params extends z.ZodObject = typeof nothing,
  Body extends z.ZodType = typeof nothing
>(spec: EndpointSpec<Query, Params, Body>): Endpoint {
  const { method, path, role, status = 200 } = spec
  return {
    method,
    path,
    addTo(app, service) {
      app.openAPIRegistry.registerPath(routeOf(spec))
      app.on(method.toUpperCase(), path.replaceAll(/\{(\w+)\}/g, ':$1'), async (context) => {
        const client = letIn(service.access, context, role)
        const asked = {
          query: parsePart(spec.query ?? nothing, queryOf(context), 'bad-request'),
          params: parsePart(spec.params ?? nothing, context.req.param(), 'bad-request'),
          body: spec.body === undefined ? {} : await bodyOf(spec.body, context, service),
          client,
          context
        }
        const answer = await spec.run(service, asked as never)
        if (answer instanceof Response) return answer
        return context.json(answer as object, status)
      })
    }
  }
}

async function bodyOf(schema: z.ZodType, context: Context, service: Service): Promise<unknown> {
  const value = await readJson(context.req.raw, service.limits.bodyBytesMax)
  return parsePart(schema, value, 'invalid-body')
}

/** A parameter that is given once is a text, one that is given several times is a list. */
function queryOf(context: Context): Record<string, string | string[]> {
  const entries = Object.entries(context.req.queries())
  return Object.fromEntries(
    entries.map(([name, values]) => [name, values.length === 1 ? (values[0] ?? '') : values])
  )
}

const errorsShown = 10
const messageCharsMax = 200

function parsePart(schema: z.ZodType, value: unknown, kind: 'bad-request' | 'invalid-body'): unknown {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const errors = result.error.issues.slice(0, errorsShown).map(({ path, message }) => ({
    at: pathText(path),
    message: message.slice(0, messageCharsMax)
  }))
  const [first] = errors
  const place = first?.at === '' ? '' : `${first?.at}: `
  throw new HttpProblem(kind, `${place}${first?.message ?? 'it does not fit'}`, {
    hint: 'GET /v1/openapi.json says what each request takes.',
    errors
  })
}

function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((part, n) => (typeof part === 'number' ? `[${part}]` : `${n === 0 ? '' : '.'}${String(part)}`))
    .join('')
    .slice(0, messageCharsMax)
}

/** The endpoint's place in the OpenAPI document. */
function routeOf<Q extends z.ZodObject, P extends z.ZodObject, B extends z.ZodType>(
  spec: EndpointSpec<Q, P, B>
): RouteConfig {
  const { method, path, role, tag, summary, description, query, params, body, answer, status = 200 } = spec
  const content =
    typeof answer === 'string'
      ? { [answer]: { schema: z.string() } }
      : { 'application/json': { schema: answer } }
  return createRoute({
    method,
    path,
    tags: [tag],
    summary,
    description: `${description ?? summary}\n\nNeeds a token for \`${role}\` where the service has tokens.`,
    request: {
      ...(query === undefined ? {} : { query }),
      ...(params === undefined ? {} : { params }),
      ...(body === undefined
        ? {}
        : { body: { required: true, content: { 'application/json': { schema: body } } } })
    },
    responses: {
      [status]: { description: summary, content },
      default: {
        description: 'What is wrong, and what to do.',
        content: { 'application/problem+json': { schema: problemSchema } }
      }
    }
  })
}
