import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { createInterface } from 'node:readline'

/**
 * Live readers of a service, in a process of their own. Besides those that are counted there is one that does
 * not read, and comes again when it is cut off, and every so often one that goes away in the middle.
 * A line with a position asks for an answer when every counted reader has that event; each must have all
 * events once and in order, or the process fails.
 */
const [url = '', count = '0'] = process.argv.slice(2)
const goneMs = 200

/** Reads the positions out of an event stream and forgets the rest. */
class Reader {
  position = 0
  #rest = ''

  read(response: IncomingMessage): void {
    response.setEncoding('latin1').on('data', (text: string) => {
      const lines = (this.#rest + text).split('\n')
      this.#rest = lines.pop() ?? ''
      for (const line of lines) if (line.startsWith('id: ')) this.#have(Number(line.slice(4)))
    })
  }

  #have(position: number): void {
    if (position !== this.position + 1) throw new Error(`behind @${this.position} came @${position}`)
    this.position = position
  }
}

function open(onResponse: (response: IncomingMessage) => void): ClientRequest {
  const asked = request(`${url}/v1/live?send=event&after=0`, { agent: false })
  asked.on('error', () => {}).on('response', onResponse)
  return asked.end()
}

async function openReader(): Promise<Reader> {
  const reader = new Reader()
  await new Promise<void>((resolve) => {
    open((response) => {
      if (response.statusCode !== 200) throw new Error(`a reader was refused: ${response.statusCode}`)
      reader.read(response)
      resolve()
    })
  })
  return reader
}

function openSlow(): void {
  open((response) => response.pause()).once('close', openSlow)
}

function openGone(): void {
  const asked = open((response) => response.once('data', () => asked.destroy()))
}

const readers = await Promise.all(Array.from({ length: Number(count) }, openReader))
openSlow()
setInterval(openGone, goneMs)
console.log('ready')
for await (const line of createInterface({ input: process.stdin })) {
  const position = Number(line)
  while (readers.some((reader) => reader.position < position)) {
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  console.log(position)
}
process.exit(0)
