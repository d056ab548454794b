import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Asked, askRecording } from './asked.ts'
import { temporaryDirectory } from './command-line.ts'

/** script(1) of util-linux gives a program a pseudo-terminal. */
const hasScript = spawnSync('script', ['--version']).status === 0
if (!hasScript) console.log('script(1) is not here: the debugger is not tried in a terminal')

/** How long a busy machine may take before the test says what it sees instead. */
const patienceMs = 60_000

/** The debugger in a pseudo-terminal, and what it has shown so far. */
class Terminal {
  readonly #child: ChildProcess
  #shown = ''

  constructor(env: Readonly<Record<string, string>>) {
    const command = `${process.execPath} --import tsx src/cli/start.ts debug --at @104`
    this.#child = spawn('script', ['-qfec', command, '/dev/null'], { env: { ...process.env, ...env } })
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      this.#shown += chunk.toString()
    })
  }

  type(keys: string): void {
    this.#child.stdin?.write(keys)
  }

  /** Waits until it shows what it had not shown before, and gives all since the last time. */
  async shows(wanted: RegExp): Promise<string> {
    const giveUp = Date.now() + patienceMs
    while (!wanted.test(this.#shown)) {
      if (this.#child.exitCode !== null) throw new Error(`it ended: ${this.#shown}`)
      if (Date.now() > giveUp) throw new Error(`no ${wanted.source} in ${JSON.stringify(this.#shown)}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    const shown = this.#shown
    this.#shown = ''
    return shown
  }

  async ended(): Promise<number | null> {
    if (this.#child.exitCode === null) await new Promise((resolve) => this.#child.once('exit', resolve))
    return this.#child.exitCode
  }
}

describe.skipIf(!hasScript)('klplog debug in a terminal', () => {
  let shadow: Asked
  const home = temporaryDirectory()
  const env = () => ({ KLPLOG_DB: shadow.log.path, HOME: home.path, TERM: 'xterm', NO_COLOR: '1' })
  beforeAll(async () => {
    shadow = await askRecording('hyb-6f-nop-shadow')
  })
  afterAll(async () => {
    await shadow.dispose()
    home.remove()
  })

  test('completes words, repeats the last move, gives up a line at Ctrl-C, and keeps its history', async () => {
    const terminal = new Terminal(env())
    await terminal.shows(/\(klp\) /)
    terminal.type('info tra\t')
    await terminal.shows(/transition/)
    terminal.type('\r')
    await terminal.shows(/No patch is in transition\.[\s\S]*\(klp\) /)
    terminal.type('step\r')
    await terminal.shows(/@105 [\s\S]*\(klp\) /)
    terminal.type('\r')
    expect(await terminal.shows(/@106 [\s\S]*\(klp\) /)).toContain('patch.enabled')
    terminal.type('half a line\u0003')
    await terminal.shows(/\n[\s\S]*\(klp\) /)
    terminal.type('where\r')
    await terminal.shows(/@106 [\s\S]*\(klp\) /)
    terminal.type('\u0004')
    expect(await terminal.ended()).toBe(0)
    const history = join(home.path, '.local/state/klplog/debug-history')
    expect(existsSync(history)).toBe(true)
    expect(readFileSync(history, 'utf8').trimEnd().split('\n')).toEqual(['where', 'step', 'info transition'])
  })
})
