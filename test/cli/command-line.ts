import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import type { Io } from '../../src/cli/io.ts'
import { run } from '../../src/cli/main.ts'

/** What a command line said and how it ended. */
export interface Outcome {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** The world that a command line runs in; nothing of the real one. */
export interface World {
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string | Uint8Array
  /** Whether standard output and standard error are terminals. */
  readonly isTTY?: boolean
  readonly nowNs?: bigint
  /** Gets what a Ctrl-C would call. */
  readonly interrupt?: (press: () => void) => void
  /** Fails as the pipe to a reader that went away, after so many writes. */
  readonly closedAfter?: number
}

/** Runs one command line in this process. */
export async function klplog(argv: readonly string[], world: World = {}): Promise<Outcome> {
  const { io, outcome } = collectedIo(world)
  const exitCode = await run(argv, io)
  return { exitCode, ...outcome() }
}

/** A world of its own, and what was said in it. */
export function collectedIo(world: World = {}): { io: Io; outcome: () => Omit<Outcome, 'exitCode'> } {
  const { env = {}, stdin = '', isTTY = false, nowNs = 1_795_442_400_000_000_000n } = world
  const out = collector(isTTY, world.closedAfter)
  const err = collector(isTTY)
  const io: Io = {
    stdin: Readable.from([Buffer.from(stdin)]),
    stdout: out.stream,
    stderr: err.stream,
    env: { HOME: '/nonexistent', ...env },
    now: () => nowNs,
    onInterrupt: (listener) => {
      world.interrupt?.(listener)
      return () => {}
    }
  }
  return { io, outcome: () => ({ stdout: out.text(), stderr: err.text() }) }
}

/** A new directory that is removed with everything in it. */
export function temporaryDirectory(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'klplog-cli-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

function collector(isTTY: boolean, closedAfter = Number.POSITIVE_INFINITY) {
  let text = ''
  let writes = 0
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      writes += 1
      if (writes > closedAfter) return done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
      text += chunk.toString()
      done()
    }
  })
  stream.on('error', () => {})
  return { stream: Object.assign(stream, { isTTY, columns: 110 }), text: () => text }
}

/** Runs a command line that has to end well, and reads its JSON. */
export async function answer<T>(argv: readonly string[], world: World = {}): Promise<T> {
  const { exitCode, stdout, stderr } = await klplog([...argv, '-j'], world)
  if (exitCode !== 0) throw new Error(`klplog ${argv.join(' ')} ended with ${exitCode}: ${stderr}`)
  return JSON.parse(stdout) as T
}
