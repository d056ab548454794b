import { spawn, spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { answer, klplog, temporaryDirectory } from './command-line.ts'
import { longTrace } from './long-trace.ts'
import { recordingPath } from './recording-paths.ts'

const start = join(dirname(fileURLToPath(import.meta.url)), '../../src/cli/start.ts')
const command = [process.execPath, '--import', 'tsx', start]
const directory = temporaryDirectory()
const db = join(directory.path, 'log.db')
const trace = join(recordingPath('up-3-replace'), 'trace.txt')

beforeAll(async () => {
  expect((await klplog(['ingest', recordingPath('up-3-replace'), '--db', db])).exitCode).toBe(0)
})
afterAll(() => directory.remove())

/** Runs a line of bash in which `klplog` is ours. */
function bash(line: string) {
  const quoted = command.map((word) => `'${word}'`).join(' ')
  return spawnSync('bash', ['-c', `klplog() { ${quoted} "$@"; }\n${line}`], {
    encoding: 'utf8',
    env: { ...process.env, KLPLOG_DB: db }
  })
}

describe('the process', () => {
  it('ends with the exit code', () => {
    expect(bash('klplog verify').status).toBe(0)
    expect(bash('klplog verify --head 00000000').status).toBe(1)
    expect(bash('klplog verify --nix').status).toBe(2)
    expect(bash('klplog ingest /nonexistent').status).toBe(3)
    const { status, stderr } = bash(`klplog verify --db /nonexistent/log.db`)
    expect(status).toBe(4)
    expect(stderr).toMatch(
      /^klplog: no database at \/nonexistent\/log\.db\n {2}`klplog ingest PATH` makes one/
    )
  })

  it('ends quietly when its reader has enough', () => {
    const { status, stdout, stderr } = bash('set -o pipefail; klplog export | head -n 1')
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '{"klplog":1}\n', stderr: '' })
  })

  it('reads pipes as it reads files', async () => {
    const piped = join(directory.path, 'piped.db')
    const options = `--host h --policy mainline --db ${piped}`
    const { status, stdout, stderr } = bash(`klplog ingest <(cat ${trace}) ${options}`)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toContain('h/0')
    const again = bash(`cat ${trace} | klplog ingest - ${options} -j`)
    expect(JSON.parse(again.stdout)).toMatchObject([{ appended: 0, rejectedLines: 0 }])
    expect(await answer(['streams', '--db', piped])).toMatchObject([{ stream: 'h/0' }])
  })

  it('stops at Ctrl-C with all that it understood stored, and is continued by the same command', async () => {
    const long = join(directory.path, 'long.txt')
    writeFileSync(long, longTrace(trace, 40))
    const stopped = join(directory.path, 'stopped.db')
    const argv = ['ingest', long, '--policy', 'mainline', '--db', stopped]
    const running = spawn(process.execPath, [...command.slice(1), ...argv])
    let stderr = ''
    running.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    const ended = new Promise<number | null>((resolve) => running.on('close', resolve))
    while (running.exitCode === null && !(await hasEvents(stopped))) {
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    running.kill('SIGINT')
    expect(await ended).toBe(130)
    expect(stderr).toContain(
      'klplog: stopped: what was understood so far is stored\n  The same command continues.'
    )
    expect((await klplog(argv)).exitCode).toBe(0)
    const whole = join(directory.path, 'whole.db')
    await klplog([...argv.slice(0, -1), whole])
    const rows = async (path: string) => events((await klplog(['export', '--db', path])).stdout)
    expect(await rows(stopped)).toEqual(await rows(whole))
  })
})

async function hasEvents(path: string): Promise<boolean> {
  if (!existsSync(path)) return false
  const { exitCode, stdout } = await klplog(['streams', '-j', '--db', path])
  return exitCode === 0 && (JSON.parse(stdout) as unknown[]).length > 0
}

/** The events of an export, in order: where their commits end depends on where the first ingest stopped. */
function events(exported: string): string[] {
  return exported.split('\n').filter((line) => line.includes('"position"'))
}
