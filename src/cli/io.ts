import type { Readable, Writable } from 'node:stream'
import type { SqliteLog } from '../events/index.ts'

/** A stream that text is written to, and what it is connected to. */
export type TextOutput = Writable & { readonly isTTY?: boolean; readonly columns?: number }

/** All that a command has of the world outside: tests give it another one. */
export interface Io {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdout: TextOutput
  readonly stderr: TextOutput
  readonly env: Readonly<Record<string, string | undefined>>
  /** Ns since the epoch. */
  readonly now: () => bigint
  /** Calls the listener at Ctrl-C instead of ending; returns how to stop listening. */
  readonly onInterrupt: (listener: () => void) => () => void
  /** The same for the signal that asks a process to end. */
  readonly onTerminate?: (listener: () => void) => () => void
  /** The other face, which the program's start hands in: the command line does not know it. */
  readonly startService?: StartService
}

/** Starts the HTTP service on an open log. */
export type StartService = (options: {
  readonly log: SqliteLog
  readonly databasePath: string
  readonly host: string
  readonly port: number
  readonly tokenFile: string | null
  readonly pagePath: string | null
  readonly logLevel: string
  readonly limits: { readonly requestsPerSecond?: number; readonly requestsBurst?: number }
  readonly stderr: Writable
  readonly now: () => bigint
}) => Promise<{ readonly url: string; stop(): Promise<void> }>

/** The reader of our output went away, as `head` does when it has enough. */
export class ClosedPipeError extends Error {}

/** Writes, and waits while the reader is slower than we are. */
export function write(output: Writable, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    output.write(text, (error) => {
      if (error === null || error === undefined) resolve()
      else if (isClosedPipe(error)) reject(new ClosedPipeError())
      else reject(error)
    })
  })
}

function isClosedPipe({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED'
}

const chunkCharsMin = 1 << 16

/** Writes lines, many at a time: a write each would cost more than all else. */
export async function writeLines(output: Writable, lines: AsyncIterable<string>): Promise<void> {
  let chunk = ''
  for await (const line of lines) {
    chunk += `${line}\n`
    if (chunk.length < chunkCharsMin) continue
    await write(output, chunk)
    chunk = ''
  }
  if (chunk !== '') await write(output, chunk)
}

/** The process's own. */
export function processIo(): Io {
  // A broken pipe is told to whoever writes; without a listener it would end the process with a stack trace.
  for (const output of [process.stdout, process.stderr]) output.on('error', () => {})
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    now: () => BigInt(Date.now()) * 1_000_000n,
    onInterrupt: (listener) => onSignal('SIGINT', listener),
    onTerminate: (listener) => onSignal('SIGTERM', listener)
  }
}

function onSignal(signal: 'SIGINT' | 'SIGTERM', listener: () => void): () => void {
  process.once(signal, listener)
  return () => process.removeListener(signal, listener)
}
