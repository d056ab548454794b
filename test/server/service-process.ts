import { type ChildProcess, spawn } from 'node:child_process'

/** A service in a process of its own. */
export interface ServiceProcess {
  readonly process: ChildProcess
  readonly url: string
  /** Settles with the exit code when it has ended, or null when it was killed. */
  readonly ended: Promise<number | null>
}

/** Starts `klplog serve` on a database, from the compiled start of the program. */
export async function startServiceProcess(
  start: string,
  db: string,
  options: readonly string[] = []
): Promise<ServiceProcess> {
  const argv = [start, 'serve', '--db', db, '--port', '0', '--rate', '1000000', ...options]
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'pipe'] })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = `${stderr}${text}`.slice(-2000)
  })
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)))
  const url = await new Promise<string>((resolve, reject) => {
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text
      if (said.includes('\n')) resolve(said.trim())
    })
    child.once('close', () => reject(new Error(`the service did not start: ${stderr}`)))
  })
  return { process: child, url, ended }
}
