import { type ChildProcess, spawn } from 'node:child_process'
import { Agent, request } from 'node:http'
import { createInterface, type Interface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type NewEvent, toWire } from '../src/events/index.ts'
import { stream } from './histories.ts'

/** A program of the bench in a process of its own, which is talked to in lines. */
class Child {
  readonly #process: ChildProcess
  readonly #lines: AsyncIterator<string>

  constructor(name: string, argv: readonly string[]) {
    const file = fileURLToPath(new URL(name, import.meta.url))
    this.#process = spawn(process.execPath, ['--import', 'tsx', file, ...argv], {
      stdio: ['pipe', 'pipe', 'inherit']
    })
    const lines: Interface = createInterface({ input: this.#process.stdout as NodeJS.ReadableStream })
    this.#lines = lines[Symbol.asyncIterator]()
  }

  /** Its next line. */
  async line(): Promise<string> {
    const next = await this.#lines.next()
    if (next.done === true) throw new Error('a process of the bench has ended before its time')
    return next.value
  }

  tell(line: string): void {
    this.#process.stdin?.write(`${line}\n`)
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve))
    this.#process.stdin?.end()
    await ended
  }
}

/** A service in a process of its own, and one kept connection to it. */
export class Client {
  readonly #service: Child
  readonly url: string
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })

  private constructor(service: Child, url: string) {
    this.#service = service
    this.url = url
  }

  static async start(database: string): Promise<Client> {
    const service = new Child('serve-child.ts', [database])
    return new Client(service, await service.line())
  }

  /** Asks, and reads the answer to its end. */
  ask(path: string, body: string | null = null): Promise<void> {
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json' }
      const options = { agent: this.#agent, method: body === null ? 'GET' : 'POST', headers }
      const asked = request(`${this.url}${path}`, options, (response) => {
        response.resume().on('end', () => {
          if (response.statusCode === 200) resolve()
          else reject(new Error(`${path}: ${response.statusCode}`))
        })
      })
      asked.on('error', reject).end(body ?? undefined)
    })
  }

  append(events: readonly NewEvent[]): Promise<void> {
    return this.ask('/v1/events', JSON.stringify({ stream, events: events.map(toWire) }))
  }

  async stop(): Promise<void> {
    this.#agent.destroy()
    await this.#service.stop()
  }
}

/** Live readers of a service, in another process of their own. */
export class LiveReaders {
  readonly #child: Child

  private constructor(child: Child) {
    this.#child = child
  }

  /** Opens so many, with a slow one and some that go away besides; the log must not be empty. */
  static async open({ url }: Client, count: number): Promise<LiveReaders> {
    const child = new Child('readers-child.ts', [url, String(count)])
    await child.line()
    return new LiveReaders(child)
  }

  /** Resolves when all of them have every event up to a position. */
  async have(position: number): Promise<void> {
    this.#child.tell(String(position))
    await this.#child.line()
  }

  close(): Promise<void> {
    return this.#child.stop()
  }
}
