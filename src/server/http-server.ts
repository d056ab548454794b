import { createServer, type Server, STATUS_CODES } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import type { Limits } from './limits.ts'
import { HttpProblem, type ProblemKind, problemDocument } from './problem.ts'

type Fetch = Parameters<typeof createAdaptorServer>[0]['fetch']

/** A server whose slow, half-open and unruly clients cost little. Not yet listening. */
export function createHttpServer(fetch: Fetch, limits: Limits): Server {
  const server = createAdaptorServer({
    fetch,
    createServer,
    serverOptions: {
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      connectionsCheckingInterval: 1000,
      keepAliveTimeout: 5000,
      maxHeaderSize: 16 * 1024
    }
  }) as Server
  server.maxConnections = limits.connectionsMax
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => refuse(error, socket))
  return server
}

const refusals: Readonly<Record<string, readonly [ProblemKind, string]>> = {
  HPE_HEADER_OVERFLOW: ['headers-too-large', 'the headers are longer than 16 KiB'],
  ERR_HTTP_REQUEST_TIMEOUT: ['timeout', 'the request did not arrive in time']
}

/** Answers what is no HTTP, where there is still somebody to answer. */
function refuse({ code = '' }: NodeJS.ErrnoException, socket: Socket): void {
  if (code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const [kind, detail] = refusals[code] ?? (['bad-request', 'this is no HTTP request'] as const)
  const problem = new HttpProblem(kind, detail)
  const body = JSON.stringify(problemDocument(problem))
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close'
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

/** Listens; gives the address that it got. */
export async function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, () => {
      server.off('error', reject)
      resolve()
    })
  })
  return server.address() as AddressInfo
}

/** Takes no new request, waits for those under way, and after a while for no more. */
export async function closeGracefully(server: Server, waitMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  const hurry = setTimeout(() => server.closeAllConnections(), waitMs)
  await closed
  clearTimeout(hurry)
}
