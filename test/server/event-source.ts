import { type ClientRequest, type IncomingMessage, request } from 'node:http'

/** A message of an event stream. */
export interface Message {
  readonly event: string
  readonly id: string | null
  readonly data: unknown
}

/** A reader of an event stream, which can be stopped from reading without being closed. */
export class EventReader {
  readonly messages: Message[] = []
  readonly #request: ClientRequest
  #response: IncomingMessage | null = null
  /** Settles when the stream has ended, or was cut off. */
  readonly ended: Promise<void>
  readonly opened: Promise<number>

  constructor(url: string, headers: Readonly<Record<string, string>> = {}) {
    this.#request = request(url, { headers, agent: false })
    let end = () => {}
    this.ended = new Promise((resolve) => {
      end = resolve
    })
    this.opened = new Promise((resolve, reject) => {
      this.#request.on('response', (response) => {
        this.#response = response
        this.#read(response)
        response.on('close', end).on('error', () => {})
        resolve(response.statusCode ?? 0)
      })
      this.#request.on('error', (error) => {
        end()
        reject(error)
      })
    })
    this.opened.catch(() => {})
    this.#request.end()
  }

  /** Leaves unread what comes. */
  pause(): void {
    this.#response?.pause()
  }

  resume(): void {
    this.#response?.resume()
  }

  close(): void {
    this.#request.destroy()
  }

  /** Resolves when so many messages have come. */
  async until(count: number): Promise<readonly Message[]> {
    while (this.messages.length < count) await new Promise((resolve) => setTimeout(resolve, 5))
    return this.messages
  }

  #read(response: IncomingMessage): void {
    let rest = ''
    response.setEncoding('utf8').on('data', (text: string) => {
      const parts = (rest + text).split('\n\n')
      rest = parts.pop() ?? ''
      for (const part of parts) {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(part)?.[1]
        const data = field('data')
        if (data === undefined) continue
        const parsed = JSON.parse(data) as unknown
        this.messages.push({ event: field('event') ?? '', id: field('id') ?? null, data: parsed })
      }
    })
  }
}

/** The positions of the events that came. */
export function positionsOf(messages: readonly Message[]): number[] {
  return messages.filter(({ event }) => event === 'event').map(({ id }) => Number(id))
}

/** The whole numbers from the first to the last. */
export const range = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, n) => first + n)
