import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

interface Ending {
  readonly acknowledged: number
  readonly stderr: string
  /** Null when it was killed. */
  readonly code: number | null
}

export interface Writer {
  readonly process: ChildProcess
  /** Settles when the first append was acknowledged. */
  readonly started: Promise<void>
  /** Settles when the process has ended: the last revision that it printed, and what it complained about. */
  readonly ended: Promise<Ending>
}

/** Starts a process that appends to the log at `path`; without `batches` it goes on until it is killed. */
export function startWriter(
  path: string,
  options: { readonly batches?: number; readonly batchSize: number; readonly withReadModel?: boolean }
): Writer {
  const { batches = 0, batchSize, withReadModel = false } = options
  const child = fileURLToPath(new URL('./writer-child.ts', import.meta.url))
  const args = ['--import', 'tsx', child, path, `${batches}`, `${batchSize}`, withReadModel ? 'model' : '']
  const process_ = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  const ended = new Promise<Ending>((resolve) => {
    process_.once('close', (code) => {
      // What follows the last line feed was not printed to its end.
      const lines = stdout.split('\n').slice(0, -1)
      resolve({ acknowledged: Number(lines.at(-1) ?? 0), stderr, code })
    })
  })
  const started = new Promise<void>((resolve, reject) => {
    process_.stdout.once('data', () => resolve())
    process_.once('close', () => reject(new Error(`the writer ended before its first append: ${stderr}`)))
  })
  started.catch(() => {})
  process_.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  process_.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  return { process: process_, started, ended }
}
