import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { log0001 } from '../../migrations/0001-log.ts'
import { openSqliteLog } from '../../src/events/index.ts'
import { klplog, type Outcome, temporaryDirectory, type World } from './command-line.ts'
import { recordingNames, recordingPath } from './recording-paths.ts'

const recording = recordingPath('up-4a-embed-kprobe')
const other = recordingPath('hyb-6f-nop-shadow')
const directory = temporaryDirectory()
const good = join(directory.path, 'good.db')
let files = 0
const newPath = (name = 'file') => join(directory.path, `${files++}-${name}`)

beforeAll(async () => {
  expect((await klplog(['ingest', recording, '--db', good])).exitCode).toBe(0)
})
afterAll(() => directory.remove())

/** Every command that needs a log that is there already. */
const questions = [['streams'], ['rejected'], ['verify'], ['rebuild'], ['export'], ['stack'], ['log']]

/** Runs a command line that has to fail: with this code, this text, a hint, no data and no stack trace. */
async function refused(argv: readonly string[], exitCode: number, text: string | RegExp, world: World = {}) {
  const outcome = await klplog(argv, world)
  expect(outcome.stderr).toMatch(text)
  expect(outcome).toMatchObject({ exitCode, stdout: '' })
  expect(outcome.stderr).toMatch(/^klplog: .+\n( {2}.+\n)+$/)
  expect(outcome.stderr).not.toMatch(/^ +at /m)
  return outcome
}

async function holdsAll(db: string): Promise<Outcome> {
  const verified = await klplog(['verify', '--db', db])
  expect(verified).toMatchObject({ exitCode: 0, stderr: '' })
  return verified
}

async function exported(db: string): Promise<string> {
  return (await klplog(['export', '--db', db])).stdout
}

describe('without a database', () => {
  it.each(questions)('%s says which one and how to make it', async (command) => {
    const db = newPath('none.db')
    const { stderr } = await refused([command, '--db', db], 4, `no database at ${db}`)
    expect(stderr).toContain('`klplog ingest PATH` makes one')
    expect(existsSync(db)).toBe(false)
  })

  it('ingest makes one, and only klplog’s own directory for it', async () => {
    const home = newPath('home')
    const env = { HOME: home }
    const own = join(home, '.local/share/klplog/klplog.db')
    await refused(['streams'], 4, own, { env })
    expect((await klplog(['ingest', recording], { env })).exitCode).toBe(0)
    expect((await klplog(['streams'], { env })).stdout).toContain('up-4a')
    expect((await klplog(['streams', '--db', own])).stdout).toContain('up-4a')
    const XDG_DATA_HOME = newPath('data')
    expect((await klplog(['ingest', recording], { env: { XDG_DATA_HOME } })).exitCode).toBe(0)
    expect(existsSync(join(XDG_DATA_HOME, 'klplog/klplog.db'))).toBe(true)
    const relative = { HOME: newPath('other-home'), XDG_DATA_HOME: 'not/absolute' }
    await refused(['streams'], 4, join(relative.HOME, '.local/share/klplog/klplog.db'), { env: relative })
    const missing = join(newPath('missing'), 'log.db')
    await refused(['ingest', recording, '--db', missing], 4, 'the directory of')
    expect(existsSync(missing)).toBe(false)
  })

  it('--db goes before KLPLOG_DB, and that before the XDG directory', async () => {
    const env = { KLPLOG_DB: newPath('env.db'), XDG_DATA_HOME: newPath() }
    const option = newPath('option.db')
    await refused(['streams', '--db', option], 4, option, { env })
    await refused(['streams'], 4, env.KLPLOG_DB, { env })
    await refused(['streams'], 4, env.XDG_DATA_HOME, { env: { ...env, KLPLOG_DB: '' } })
  })
})

describe('bad input', () => {
  const ingest = (...argv: string[]) => ['ingest', '--db', newPath('fresh.db'), ...argv]

  it('is named, and no database is made for it', async () => {
    const empty = newPath('empty.txt')
    writeFileSync(empty, '')
    const binary = newPath('binary')
    writeFileSync(binary, Buffer.from([0, 1, 2, 255, 254]))
    const bare = newPath('bare')
    mkdirSync(join(bare, 'inner'), { recursive: true })
    const notes = newPath('notes')
    mkdirSync(notes)
    writeFileSync(join(notes, 'todo.txt'), 'buy milk\n')
    for (const [argv, text] of [
      [ingest('/nonexistent/trace.txt'), '/nonexistent/trace.txt does not exist'],
      [ingest(recording, newPath('gone')), 'does not exist'],
      [ingest(join(recording, 'trace.txt', 'deeper')), 'has a file where a directory should be'],
      [ingest(empty), 'is empty'],
      [ingest(binary), 'is no kind of evidence that klplog recognises\n  Tried: ftrace'],
      [ingest(bare), 'holds no evidence that klplog recognises\n  Its directories may be recordings'],
      [ingest(notes), /holds no evidence.*\n {2}Tried: ftrace.*\n {2}Name its files with --format/],
      [ingest(join(recording, '../modules.json')), 'nothing in it happened'],
      [ingest('/dev/null'), 'is a device'],
      [ingest('-', '--policy', 'hybrid'), '- is empty'],
      [ingest(recording, '--manifest', newPath('no.json')), 'no.json does not exist']
    ] as const) {
      await refused(argv, 3, text)
      expect(existsSync(argv[2] ?? '')).toBe(false)
    }
  })

  it('of an import is named with its line, and an intact beginning is kept', async () => {
    const text = await exported(good)
    const lines = text.split('\n')
    const file = newPath('export.jsonl')
    const cases: readonly (readonly [content: string, text: string | RegExp])[] = [
      ['', 'line 1: '],
      ['hello\n', 'line 1: '],
      ['{"a":1}\n', 'line 1: '],
      [lines.slice(1).join('\n'), 'line 1: no header'],
      [lines.slice(0, 20).join('\n'), 'the file ends before its end line'],
      [text.slice(0, 2000), /line \d+: /],
      [text.replace('lp_', 'xx_'), /line \d+: commit 1 does not fit/]
    ]
    for (const [content, what] of cases) {
      writeFileSync(file, content)
      await refused(['import', file, '--db', newPath('import.db')], 3, what)
    }
    writeFileSync(file, text)
    const db = newPath('import.db')
    await refused(['import', newPath('gone'), '--db', db], 3, 'does not exist')
    expect(existsSync(db)).toBe(false)
    await klplog(['ingest', other, '--db', db])
    const before = await exported(db)
    await refused(['import', file, '--db', db], 3, 'the log has another commit 1')
    expect(await exported(db)).toBe(before)
  })
})

describe('usage', () => {
  it.each([
    [['streams', '--nix'], "unknown option '--nix'"],
    [['strems'], /unknown command 'strems'\n {2}Did you mean streams\?/],
    [['ingest'], "missing required argument 'paths'"],
    [['ingest', 'x', '--policy', 'best'], /argument 'best' is invalid. Allowed choices are mainline/],
    [['ingest', 'x', '--format', 'best'], /Allowed choices are ftrace/],
    [['ingest', 'x', '--boot-time', 'noonish'], '--boot-time "noonish" is no time'],
    [['ingest', 'x', '--host', ''], 'an empty name'],
    [['ingest', recording, '--format', 'ftrace'], '--format says what a file is'],
    [['streams', '-o', 'xml'], 'Allowed choices are table, json, jsonl'],
    [['streams', 'too', 'many'], 'too many arguments'],
    [['completion', 'tcsh'], 'Allowed choices are bash, zsh, fish'],
    [['verify', '--head', 'xyz', '--db', good], '--head "xyz" is no digest'],
    [['rejected', '--host', 'mars', '--db', good], 'no stream fits --host mars'],
    [['stack', '--at', 'soon', '--db', good], '"soon" is no time'],
    [['stack', '--at', '@99999', '--db', good], 'there is no event @99999'],
    [['stack', '--at', 'yesterday', '--db', good], /needs the wall time .*\n.*\+21\.5.*--boot-time/]
  ])('%j', async (argv, text) => {
    await refused(argv, 2, text)
  })

  it('no command at all prints the help', async () => {
    const { exitCode, stdout, stderr } = await klplog([])
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr).toContain('Usage: klplog')
  })
})

describe('the store', () => {
  it('that is something else is left alone', async () => {
    const text = newPath('notes.txt')
    writeFileSync(text, 'not a database, but longer than the header of one is\n'.repeat(20))
    const foreign = newPath('bookmarks.db')
    new Database(foreign).exec('create table bookmarks (url text)').close()
    for (const [path, what] of [
      [text, 'is not an SQLite database'],
      [foreign, 'not one of klplog'],
      [directory.path, 'is a directory']
    ] as const) {
      const before = path === directory.path ? '' : readFileSync(path, 'latin1')
      for (const argv of [['streams'], ['ingest', recording], ['rebuild']]) {
        await refused([...argv, '--db', path], 4, what)
      }
      if (before !== '') expect(readFileSync(path, 'latin1')).toBe(before)
    }
  })

  it('that is locked says so, and holds all afterwards', async () => {
    const before = await exported(good)
    const holder = new Database(good)
    holder.exec('begin immediate')
    await refused(['ingest', other, '--db', good], 4, /is locked by another process.*\n {2}Wait until/)
    await holdsAll(good)
    holder.exec('rollback')
    holder.close()
    expect(await exported(good)).toBe(before)
  })

  it('of a newer klplog is refused', async () => {
    const db = newPath('newer.db')
    await klplog(['ingest', recording, '--db', db])
    const sqlite = new Database(db)
    sqlite.exec(`insert into kysely_migration values ('9999-future', '2030-01-01T00:00:00.000Z')`)
    sqlite.close()
    for (const argv of [['streams'], ['ingest', other]]) {
      const { stderr } = await refused([...argv, '--db', db], 4, /newer klplog.*9999-future/)
      expect(stderr).toContain('Update klplog.')
    }
  })

  it('of an older klplog is brought up to date by what it says', async () => {
    const db = newPath('older.db')
    await (await openSqliteLog({ path: db, migrations: { '0001-log': log0001 } })).close()
    await refused(['streams', '--db', db], 4, /older klplog.*\n.*`klplog rebuild`/)
    expect((await klplog(['rebuild', '--db', db])).exitCode).toBe(0)
    expect((await klplog(['streams', '--db', db])).exitCode).toBe(0)
  })

  it('with a changed event does not verify, and is not exported', async () => {
    const db = newPath('damaged.db')
    await klplog(['ingest', recording, '--db', db])
    const sqlite = new Database(db)
    const triggers = sqlite.prepare("select name from sqlite_master where type = 'trigger'").pluck().all()
    for (const name of triggers) sqlite.exec(`drop trigger ${String(name)}`)
    sqlite.exec(`update events set uptime_ns = uptime_ns + 1 where position = 100`)
    sqlite.close()
    const { exitCode, stdout } = await klplog(['verify', '--db', db])
    expect(exitCode).toBe(1)
    expect(stdout).toContain('damaged: event @100: ')
    const file = newPath('damaged.jsonl')
    await refused(['export', file, '--db', db], 4, 'does not fit')
    expect(existsSync(file)).toBe(false)
    expect(existsSync(`${file}.partial`)).toBe(false)
  })
})

describe('a file system', () => {
  /** A small one of its own, if this user can mount one. */
  function mountSmall(sizeKb: number): string | null {
    const path = newPath('mount')
    mkdirSync(path)
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeKb}k`, 'tmpfs', path], { stdio: 'ignore' })
      return path
    } catch {
      console.log('skipped: mounting a small file system needs root')
      return null
    }
  }

  it('that is full: the ingest says so, loses nothing, and goes on when there is room', async ({ skip }) => {
    const mounted = mountSmall(1500)
    if (mounted === null) return skip()
    try {
      const db = join(mounted, 'log.db')
      const argv = ['ingest', ...recordingNames().map(recordingPath), '--db', db]
      await refused(argv, 4, /log\.db does not fit on its disk.*\n {2}Make room/)
      await holdsAll(db)
      await refused(['export', join(mounted, 'out.jsonl'), '--db', db], 3, 'does not fit on its disk')
      expect(existsSync(join(mounted, 'out.jsonl.partial'))).toBe(false)
      const importing = ['import', '-', '--db', join(mounted, 'import.db')]
      await refused(importing, 4, /does not fit on its disk|cannot be/, { stdin: await exported(db) })
      execFileSync('mount', ['-o', 'remount,size=60m', mounted])
      expect((await klplog(argv)).exitCode).toBe(0)
      await holdsAll(db)
      const roomy = newPath('roomy.db')
      await klplog(['ingest', ...recordingNames().map(recordingPath), '--db', roomy])
      expect(await exported(db)).toBe(await exported(roomy))
    } finally {
      execFileSync('umount', ['--lazy', mounted])
    }
  })

  it('that is read-only: the ingest says so, and questions are answered', async ({ skip }) => {
    const mounted = mountSmall(8000)
    if (mounted === null) return skip()
    try {
      const db = join(mounted, 'log.db')
      await klplog(['ingest', recording, '--db', db])
      execFileSync('mount', ['-o', 'remount,ro', mounted])
      await refused(
        ['ingest', other, '--db', db],
        4,
        /log\.db cannot be written.*\n {2}Check the permissions/
      )
      await refused(['export', join(mounted, 'x'), '--db', db], 3, 'read-only file system')
      await holdsAll(db)
      expect((await klplog(['streams', '--db', db])).stdout).toContain('up-4a')
    } finally {
      execFileSync('umount', ['--lazy', mounted])
    }
  })
})

describe('an error', () => {
  it('shows where it came from to developers only', async () => {
    const argv = ['streams', '--db', newPath('none.db')]
    const { stderr } = await klplog(argv, { env: { KLPLOG_DEBUG: '1' } })
    expect(stderr).toMatch(/^ +at /m)
  })

  it('is none when the reader of the output went away', async () => {
    for (const argv of [
      ['streams', '--db', good],
      ['export', '--db', good],
      ['--help'],
      ['log', '--db', good]
    ]) {
      expect(await klplog(argv, { closedAfter: 0 })).toEqual({ exitCode: 0, stdout: '', stderr: '' })
    }
  })

  it('of the export’s file leaves what was there', async () => {
    const file = newPath('export.jsonl')
    writeFileSync(file, 'precious\n')
    await refused(['export', file, '--db', good], 3, 'exists already')
    expect(readFileSync(file, 'utf8')).toBe('precious\n')
    expect((await klplog(['export', file, '--force', '--db', good])).exitCode).toBe(0)
    expect(readFileSync(file, 'utf8')).toBe(await exported(good))
    rmSync(file)
    await refused(['export', join(file, 'x'), '--db', good], 3, 'does not exist')
  })
})
