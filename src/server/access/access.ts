import type { Context } from 'hono'
import { HttpProblem } from '../problem.ts'
import type { RateLimit } from './rate.ts'
import { allows, type Bearer, type Role, type Tokens } from './tokens.ts'

/** Who may do what: with tokens, or by being on this host. */
export interface Access {
  /** Null: whoever reaches the loopback address may do all. */
  readonly tokens: Tokens | null
  readonly rate: RateLimit
}

/** Somebody who is let in. */
export type Client = Bearer

/**
 * Lets a request in, or says why not. Without tokens a page of another site could make a browser on this
 * host ask (by a name of its own that resolves to 127.0.0.1), so the host that it asks for has to be this one.
 * @throws HttpProblem
 */
export function letIn({ tokens, rate }: Access, context: Context, role: Role): Client {
  const client = tokens === null ? local(context) : bearer(tokens, context, role)
  const taken = rate.take(client.name)
  if (taken.ok) return client
  throw new HttpProblem('rate-limited', `${client.name} asks more often than is allowed`, {
    hint: `Wait ${taken.afterSeconds} s.`,
    headers: { 'retry-after': String(taken.afterSeconds) }
  })
}

function local(context: Context): Client {
  const host = context.req.header('host') ?? ''
  if (!isLoopbackHost(host)) {
    throw new HttpProblem('misdirected', 'without tokens the service answers to its loopback name only', {
      hint: 'Ask http://127.0.0.1 or http://localhost, or start the service with --token-file.'
    })
  }
  return { name: 'local', role: 'admin' }
}

function bearer(tokens: Tokens, context: Context, role: Role): Client {
  const found = /^Bearer +([\x21-\x7e]+)$/i.exec(context.req.header('authorization') ?? '')
  const client = found?.[1] === undefined ? null : tokens.find(found[1])
  if (client === null) {
    throw new HttpProblem('unauthorized', 'the request has no token that this service knows', {
      hint: 'Send "Authorization: Bearer TOKEN" with a token of the service\'s --token-file.',
      headers: { 'www-authenticate': 'Bearer realm="klplog"' }
    })
  }
  if (allows(client.role, role)) return client
  throw new HttpProblem('forbidden', `a token for ${client.role} does not allow what needs ${role}`, {
    hint: `Use a token for ${role}, or one for admin.`
  })
}

/** `localhost`, or an address of the loopback network, with any port. */
function isLoopbackHost(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i.test(host)
}

/** True for an address that only this host reaches. */
export function isLoopbackAddress(address: string): boolean {
  return address === 'localhost' || address === '::1' || /^127(\.\d{1,3}){3}$/.test(address)
}
