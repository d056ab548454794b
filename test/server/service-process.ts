import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect } from 'vitest'
import { type NewEvent, toWire } from '../../src/events/index.ts'

/** A service in a process of its own. */
export interface ServiceProcess {
  readonly process: ChildProcess
  readonly url: string
  /** Settles with the exit code when it has ended, or null when it was killed. */
  readonly ended: Promise<number | null>
  /** Aborted when it has ended: Node's fetch may wait for ever for an answer of a process that was killed. */
  readonly gone: AbortSignal
}

/** Starts Node with these arguments: a service that prints its address. */
export async function startServiceProcess(argv: readonly string[]): Promise<ServiceProcess> {
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = `${stderr}${text}`.slice(-2000)
  })
  const gone = new AbortController()
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  void ended.then(() => gone.abort())
  const url = await new Promise<string>((resolve, reject) => {
    let said = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text
      if (said.includes('\n')) resolve(said.trim())
    })
    child.once('close', () => reject(new Error(`the service did not start: ${stderr}`)))
  })
  return { process: child, url, ended, gone: gone.signal }
}

/** Appends to the stream `a/1` over HTTP; resolves when the service has acknowledged it, rejects when it is gone. */
export async function append({ url, gone }: ServiceProcess, events: readonly NewEvent[]): Promise<void> {
  const response = await fetch(`${url}/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ stream: 'a/1', events: events.map(toWire) }),
    signal: gone
  })
  expect(response.status).toBe(200)
  await response.json()
}

/** Bytes of the heap that are in use behind a collection, of a `service-child.ts` with `--expose-gc`. */
export async function heapBytesOf({ process: child }: ServiceProcess): Promise<number> {
  const answer = once(child, 'message')
  child.send('heap')
  return Number((await answer)[0])
}
