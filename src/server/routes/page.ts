import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import type { Context } from 'hono'

/** The time-travel page: one file with all that it needs, read once. */
export interface Page {
  readonly bytes: Buffer<ArrayBuffer>
  readonly gzipped: Buffer<ArrayBuffer>
  readonly etag: string
  /** Its own policy, which admits its script and its style by their digests; null when it has none. */
  readonly policy: string | null
}

const policyForm = /<meta http-equiv="Content-Security-Policy" content="([^"]+)">/

/** Reads the page; a file that is not there is a service without one. */
export function readPage(path: string | null): Page | null {
  if (path === null) return null
  const bytes = readFileSync(path)
  const policy = policyForm.exec(bytes.toString('utf8'))?.[1]
  return {
    bytes,
    gzipped: gzipSync(bytes),
    etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
    // A policy in a page cannot say who may frame it.
    policy: policy === undefined ? null : `${policy}; frame-ancestors 'none'`
  }
}

/** The page as an answer, which a browser asks for anew each time and gets only when it has changed. */
export function pageResponse({ bytes, gzipped, etag, policy }: Page, { req }: Context): Response {
  const isGzip = /\bgzip\b/.test(req.header('accept-encoding') ?? '')
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-cache',
    vary: 'accept-encoding',
    etag,
    ...(policy === null ? {} : { 'content-security-policy': policy })
  }
  if (req.header('if-none-match') === etag) return new Response(null, { status: 304, headers })
  if (!isGzip) return new Response(bytes, { headers })
  return new Response(gzipped, { headers: { ...headers, 'content-encoding': 'gzip' } })
}
