import type { MiddlewareHandler } from 'hono'

const headers: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()'
}

/** Puts the headers on every answer that keep a browser from doing what the service does not mean. */
export const securityHeaders: MiddlewareHandler = async (context, next) => {
  await next()
  for (const [name, value] of Object.entries(headers)) context.res.headers.set(name, value)
  // What is no page loads nothing; the page brings its own policy.
  if (!context.res.headers.has('content-security-policy')) {
    context.res.headers.set('content-security-policy', "default-src 'none'; frame-ancestors 'none'")
  }
  // The log grows: what was true of it is not to be kept, unless an answer says so itself.
  if (!context.res.headers.has('cache-control')) context.res.headers.set('cache-control', 'no-store')
}
