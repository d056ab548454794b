import { execFileSync, spawn } from 'node:child_process'
import { copyFileSync, existsSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Commit, openSqliteLog, StoreError } from '../../src/events/index.ts'
import { klplog, temporaryDirectory } from './command-line.ts'
import { longTrace } from './long-trace.ts'
import { recordingPath } from './recording-paths.ts'
import { seeded } from './seeded.ts'

const kills = 100
const seed = 20261123
const atOnce = 2

const childSource = fileURLToPath(new URL('./killed-child.ts', import.meta.url))
const root = join(dirname(childSource), '../..')
const directory = temporaryDirectory()
const child = join(directory.path, 'compiled/test/cli/killed-child.js')
afterAll(() => directory.remove())

/** Compiled once: a hundred processes that each compile would take longer than all they do. */
beforeAll(() => {
  const config = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      noEmit: false,
      noCheck: true,
      rootDir: root,
      outDir: join(directory.path, 'compiled'),
      typeRoots: [join(root, 'node_modules/@types')]
    },
    files: [childSource]
  }
  writeFileSync(join(directory.path, 'tsconfig.json'), JSON.stringify(config))
  execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', directory.path])
  symlinkSync(join(root, 'node_modules'), join(directory.path, 'node_modules'))
  copyFileSync(join(root, 'package.json'), join(directory.path, 'package.json'))
}, 120_000)

/** Several streams, one of them of several commits, and lines that no reader understands. */
function evidence(): string[] {
  const long = join(directory.path, 'long.txt')
  const trace = longTrace(join(recordingPath('up-3-replace'), 'trace.txt'), 5)
  writeFileSync(long, trace.replaceAll(/^(.*klp_try_switch_task.*)$/gm, '$1\nwhat is this'))
  return [recordingPath('hyb-6f-nop-shadow'), recordingPath('deb-1-plain'), long]
}

interface Ended {
  readonly killed: boolean
  /** The last position that it was told is stored, and how many rejected lines. */
  readonly acknowledged: number
  readonly rejected: number
  readonly statements: number
  readonly runMs: number
}

/** Runs the command line in a process, and kills it so many ms after its start, or at its nth SQL statement. */
function runChild(argv: readonly string[], kill: { ms?: number; statement?: number }): Promise<Ended> {
  const KILL_AT = kill.statement === undefined ? {} : { KILL_AT: String(kill.statement) }
  const env = { ...process.env, ...KILL_AT }
  const running = spawn(process.execPath, [child, ...argv], { env })
  let said = ''
  let startedAt = 0
  running.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (said === '') {
      startedAt = performance.now()
      if (kill.ms !== undefined) setTimeout(() => running.kill('SIGKILL'), kill.ms)
    }
    said += text
  })
  const sum = (pattern: RegExp) =>
    [...said.matchAll(pattern)].reduce((all, found) => all + Number(found[1]), 0)
  return new Promise((resolve, reject) => {
    running.on('error', reject)
    running.on('close', (_code, signal) =>
      resolve({
        killed: signal === 'SIGKILL',
        acknowledged: Number([...said.matchAll(/^acknowledged (\d+)$/gm)].at(-1)?.[1] ?? 0),
        rejected: sum(/^rejected (\d+)$/gm),
        statements: sum(/^statements (\d+)$/gm),
        runMs: performance.now() - startedAt
      })
    )
  })
}

interface Stored {
  readonly commits: readonly Commit[]
  readonly rejected: readonly unknown[]
}

/** What a database holds, which has to verify; nothing when it had not yet become a log. */
async function stored(db: string): Promise<Stored> {
  if (!existsSync(db)) return { commits: [], rejected: [] }
  try {
    const log = await openSqliteLog({ path: db, readOnly: true })
    expect(await log.verify()).toMatchObject({ ok: true, fault: null })
    const found = { commits: await log.commits(0, 10_000), rejected: await log.rejected({ limit: 10_000 }) }
    await log.close()
    return found
  } catch (error) {
    if (error instanceof StoreError && error.code === 'not-a-log') return { commits: [], rejected: [] }
    throw error
  }
}

describe('an ingest that is killed', () => {
  it(`loses nothing that was acknowledged, at ${kills} random moments`, { timeout: 600_000 }, async () => {
    const paths = evidence()
    const whole = join(directory.path, 'whole.db')
    const uninterrupted = await runChild(['ingest', ...paths, '--db', whole], {})
    const all = await stored(whole)
    const wholeExport = (await klplog(['export', '--db', whole])).stdout
    expect(all.commits.length).toBeGreaterThan(3)
    expect(all.rejected.length).toBeGreaterThan(50)
    expect(uninterrupted.acknowledged).toBe(all.commits.at(-1)?.lastPosition)

    const random = seeded(seed)
    let tried = 0
    const aim = (): { ms: number } | { statement: number } => {
      const where = random()
      // A kill by the clock may come after the end; one at a statement does not.
      return tried++ % 4 === 0
        ? { ms: where * uninterrupted.runMs }
        : { statement: 1 + Math.floor(where * uninterrupted.statements) }
    }
    let killed = 0
    const cut = new Set<number>()
    while (killed < kills && tried < 2 * kills) {
      const aims = Array.from({ length: atOnce }, aim)
      // Nothing else runs in this process meanwhile, so that its clock is not late.
      const ended = await Promise.all(
        aims.map(async (kill, nth) => {
          const db = join(directory.path, `killed-${nth}.db`)
          const argv = ['ingest', ...paths, '--db', db]
          return { kill, db, argv, ...(await runChild(argv, kill)) }
        })
      )
      for (const one of ended) {
        if (one.killed) killed += 1
        const left = await stored(one.db)
        cut.add(left.commits.length)
        expect(left.commits, JSON.stringify(one.kill)).toEqual(all.commits.slice(0, left.commits.length))
        expect(left.rejected).toEqual(all.rejected.slice(0, left.rejected.length))
        expect(left.commits.at(-1)?.lastPosition ?? 0).toBeGreaterThanOrEqual(one.acknowledged)
        expect(left.rejected.length).toBeGreaterThanOrEqual(one.rejected)

        expect((await klplog(one.argv)).exitCode).toBe(0)
        expect((await klplog(['export', '--db', one.db])).stdout).toBe(wholeExport)
        for (const file of [one.db, `${one.db}-wal`, `${one.db}-shm`]) rmSync(file, { force: true })
      }
    }
    const counts = [...cut].sort((a, b) => a - b).join(', ')
    console.log(
      `seed ${seed}: ${killed} of ${tried} were killed before their end; commits they left: ${counts}`
    )
    expect(killed).toBeGreaterThanOrEqual(kills)
    expect(cut.size).toBeGreaterThan(3)
  })
})
