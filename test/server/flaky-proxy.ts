import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What happens to a request on its way. */
export type Fate = 'passed' | 'lost' | 'answer lost' | 'busy'

/** A way to a service on which requests and answers are lost. */
export interface FlakyProxy {
  readonly url: string
  /** Pieces (ids of events, raw texts of evidence) that were asked for again after they had been acknowledged. */
  readonly twice: string[]
  readonly requests: () => number
  close(): Promise<void>
}

interface Shipped {
  readonly events?: readonly { readonly id: string }[]
  readonly evidence?: readonly { readonly raw: string }[]
}

/** Passes requests to the service, or does not, as `fate` has it. */
export async function flakyProxy(target: string, fate: () => Fate): Promise<FlakyProxy> {
  const acknowledged = new Set<string>()
  const twice: string[] = []
  let requests = 0
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = []
    incoming
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => {
        void (async () => {
          requests += 1
          const body = Buffer.concat(chunks).toString()
          const { events = [], evidence = [] } = JSON.parse(body) as Shipped
          const pieces = [...events.map(({ id }) => id), ...evidence.map(({ raw }) => raw)]
          twice.push(...pieces.filter((piece) => acknowledged.has(piece)))
          const what = fate()
          if (what === 'lost') return outgoing.destroy()
          if (what === 'busy') return outgoing.writeHead(503, { 'retry-after': '0' }).end('{}')
          const headers = { 'content-type': 'application/json' }
          const answer = await fetch(`${target}${incoming.url}`, { method: 'POST', headers, body })
          const text = await answer.text()
          if (what === 'answer lost') return outgoing.destroy()
          for (const piece of answer.ok ? pieces : []) acknowledged.add(piece)
          return outgoing.writeHead(answer.status, headers).end(text)
        })()
      })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    twice,
    requests: () => requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
  }
}
