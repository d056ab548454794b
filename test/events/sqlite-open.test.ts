import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, describe, expect, it } from 'vitest'
import { log0001 } from '../../migrations/0001-log.ts'
import { migrations } from '../../migrations/index.ts'
import { openSqliteLog, type SqliteLogOptions, StoreError } from '../../src/events/index.ts'
import { collect, switches } from './sample-events.ts'
import { sampleModel } from './sample-read-model.ts'
import { sampleMigrations, temporaryDirectory } from './sqlite-harness.ts'

const directory = temporaryDirectory()
afterAll(() => directory.remove())
let files = 0
const newPath = () => join(directory.path, `${files++}.db`)

/** A log with three events, closed. */
async function storedLog(options: Partial<SqliteLogOptions> = {}): Promise<string> {
  const path = options.path ?? newPath()
  const log = await openSqliteLog({ path, ...options })
  await log.append('a/1', 'any', switches(1, 3))
  await log.close()
  return path
}

async function refusal(work: () => Promise<unknown>): Promise<StoreError> {
  const error: unknown = await work().then(
    () => expect.unreachable('it was not refused'),
    (thrown: unknown) => thrown
  )
  expect(error).toBeInstanceOf(StoreError)
  expect((error as StoreError).hint).toMatch(/^[A-Z].*\.$/)
  return error as StoreError
}

describe('opening', () => {
  it('says what is wrong with a path', async () => {
    const text = join(directory.path, 'notes.txt')
    writeFileSync(text, 'not a database, but longer than the sixteen bytes of a header\n'.repeat(20))
    const foreign = join(directory.path, 'browser.db')
    new Database(foreign).exec('create table bookmarks (url text)').close()
    const empty = join(directory.path, 'empty.db')
    writeFileSync(empty, '')
    mkdirSync(join(directory.path, 'dir.db'))
    for (const [path, readOnly, code, message] of [
      [text, false, 'not-sqlite', /notes\.txt is not an SQLite database/],
      [text, true, 'not-sqlite', /notes\.txt is not an SQLite database/],
      [foreign, false, 'not-a-log', /browser\.db is an SQLite database, but not one of klplog/],
      [foreign, true, 'not-a-log', /browser\.db/],
      [empty, true, 'not-a-log', /empty\.db/],
      [join(directory.path, 'dir.db'), false, 'not-a-file', /dir\.db is a directory/],
      [join(directory.path, 'missing.db'), true, 'not-found', /missing\.db does not exist/],
      [
        join(directory.path, 'no', 'such.db'),
        false,
        'not-found',
        /the directory of .*such\.db does not exist/
      ]
    ] as const) {
      const error = await refusal(() => openSqliteLog({ path, readOnly }))
      expect(error.code).toBe(code)
      expect(error.message).toMatch(message)
    }
    expect(new Database(foreign).pragma('journal_mode', { simple: true })).toBe('delete')
  })

  it('migrates an older log, when it may write', async () => {
    const path = await storedLog({ migrations: { '0001-log': log0001 } })
    const error = await refusal(() => openSqliteLog({ path, readOnly: true, migrations: sampleMigrations }))
    expect(error).toMatchObject({ code: 'older-schema' })
    expect(error.message).toContain('9999-sample')
    const log = await openSqliteLog({ path, migrations: sampleMigrations })
    expect(
      await log.kysely
        .selectFrom('sample_counts' as 'streams')
        .selectAll()
        .execute()
    ).toEqual([])
    expect(await log.verify()).toMatchObject({ ok: true, events: 3 })
    await log.close()
    const again = await openSqliteLog({ path, readOnly: true, migrations: sampleMigrations })
    expect(await collect(again.read({}))).toHaveLength(3)
    await again.close()
  })

  it('makes rows of an older read model anew, when it may write, and refuses those of a newer one', async () => {
    const rows = { path: newPath(), migrations: sampleMigrations }
    const older = { ...rows, readModels: [sampleModel] }
    const newer = { ...rows, readModels: [{ ...sampleModel, version: 2 }] }
    await storedLog(rows)
    for (const [options, code] of [
      [older, 'older-schema'],
      [newer, 'older-schema']
    ] as const) {
      expect((await refusal(() => openSqliteLog({ ...options, readOnly: true }))).code).toBe(code)
      const told: number[] = []
      const onOutdated = async (events: number) => void told.push(events)
      const log = await openSqliteLog({ ...options, onOutdated })
      expect(told).toEqual([3])
      expect(await log.modelRows({ table: 'sample_counts', stream: 'a/1', orderBy: ['type'] })).toMatchObject(
        [{ type: 'task.switched', events: 3n }]
      )
      await log.close()
      await (await openSqliteLog({ ...options, readOnly: true })).close()
    }
    for (const readOnly of [false, true]) {
      const error = await refusal(() => openSqliteLog({ ...older, readOnly }))
      expect(error).toMatchObject({ code: 'newer-schema', hint: 'Update klplog.' })
      expect(error.message).toContain('sample counts')
    }
  })

  it('takes a migration that fails back, whole', async () => {
    const path = await storedLog({ migrations: { '0001-log': log0001 } })
    const failing = { up: () => Promise.reject(new Error('no')) }
    const broken = { ...sampleMigrations, '9999-zz-failing': failing }
    await expect(openSqliteLog({ path, migrations: broken })).rejects.toThrow('no')
    const before = new Database(path)
    expect(before.prepare('select name from kysely_migration').pluck().all()).toEqual(['0001-log'])
    before.close()
    await (await openSqliteLog({ path, migrations: sampleMigrations })).close()
  })

  it('refuses a newer log, and says what it does not know', async () => {
    const path = await storedLog({ migrations: sampleMigrations })
    for (const readOnly of [false, true]) {
      const error = await refusal(() => openSqliteLog({ path, readOnly, migrations }))
      expect(error).toMatchObject({ code: 'newer-schema', hint: 'Update klplog.' })
      expect(error.message).toContain('9999-sample')
    }
  })

  it('says so when a log was opened read-only and is to be written', async () => {
    const log = await openSqliteLog({ path: await storedLog(), readOnly: true })
    for (const write of [
      () => log.append('a/1', 'any', switches(9, 1)),
      () => log.reject([]),
      () => log.rebuild()
    ]) {
      expect((await refusal(write)).code).toBe('read-only')
    }
    expect(await log.verify()).toMatchObject({ ok: true, events: 3 })
    await log.close()
  })
})

describe('a log that another process has locked', () => {
  const holders: ChildProcess[] = []
  afterAll(() => {
    for (const holder of holders) holder.kill('SIGKILL')
  })

  /** A process that holds the database's write lock until it is killed. */
  async function hold(path: string, how: 'immediate' | 'exclusive'): Promise<ChildProcess> {
    const better = createRequire(import.meta.url).resolve('better-sqlite3')
    const script = `const db = new (require(${JSON.stringify(better)}))(${JSON.stringify(path)})
      ${how === 'exclusive' ? "db.pragma('locking_mode = exclusive');" : ''}
      db.exec('begin ${how}'); process.stdout.write('held'); setInterval(() => {}, 1e9)`
    const holder = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    holders.push(holder)
    await new Promise((resolve) => holder.stdout.once('data', resolve))
    return holder
  }

  it('cannot be appended to until the other has ended, but can be read', async () => {
    const path = await storedLog()
    const holder = await hold(path, 'immediate')
    const log = await openSqliteLog({ path, busyTimeoutMs: 50 })
    const error = await refusal(() => log.append('a/1', 'any', switches(4, 1)))
    expect(error.code).toBe('locked')
    expect(error.message).toContain(path)
    expect(error.cause).toBeInstanceOf(Database.SqliteError)
    expect(await collect(log.read({}))).toHaveLength(3)
    const ended = new Promise((resolve) => holder.once('exit', resolve))
    holder.kill('SIGKILL')
    await ended
    expect(await log.append('a/1', 3, switches(4, 1))).toMatchObject({ position: 4 })
    await log.close()
  })

  it('cannot be opened while the other has it for itself', async () => {
    const path = await storedLog()
    await hold(path, 'exclusive')
    for (const readOnly of [false, true]) {
      expect((await refusal(() => openSqliteLog({ path, readOnly, busyTimeoutMs: 50 }))).code).toBe('locked')
    }
  })
})

/** A small file system of its own, if this user can mount one. */
function mountSmall(): string | null {
  const path = join(directory.path, `mount${files++}`)
  mkdirSync(path)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', path], { stdio: 'ignore' })
    return path
  } catch {
    console.log('skipped: mounting a small file system needs root')
    return null
  }
}

describe('a log on a file system', () => {
  it('that is full: says so, loses nothing, and goes on when there is room', async ({ skip }) => {
    const mounted = mountSmall()
    if (mounted === null) return skip()
    try {
      const path = join(mounted, 'log.db')
      const log = await openSqliteLog({ path })
      let revision = 0
      const error = await refusal(async () => {
        for (;;) ({ revision } = await log.append('a/1', revision, switches(revision + 1, 200)))
      })
      expect(error.code).toBe('disk-full')
      expect(error.message).toContain(path)
      expect(await log.verify()).toMatchObject({ ok: true, events: revision })
      execFileSync('mount', ['-o', 'remount,size=4m', mounted])
      await log.append('a/1', revision, switches(revision + 1, 200))
      expect(await log.verify()).toMatchObject({ ok: true, events: revision + 200 })
      await log.close()
    } finally {
      execFileSync('umount', ['--lazy', mounted])
    }
  })

  it('that is read-only: can be read, and says what it cannot do', async ({ skip }) => {
    const mounted = mountSmall()
    if (mounted === null) return skip()
    try {
      const path = await storedLog({ path: join(mounted, 'log.db') })
      const unmerged = join(mounted, 'unmerged.db')
      const writer = await openSqliteLog({ path: unmerged })
      await writer.append('a/1', 'any', switches(1, 1))
      execFileSync('cp', [unmerged, join(mounted, 'copy.db')])
      execFileSync('cp', [`${unmerged}-wal`, join(mounted, 'copy.db-wal')])
      await writer.close()
      execFileSync('mount', ['-o', 'remount,ro', mounted])
      const log = await openSqliteLog({ path, readOnly: true })
      expect(await collect(log.read({}))).toHaveLength(3)
      expect(await log.verify()).toMatchObject({ ok: true, events: 3 })
      await log.close()
      expect((await refusal(() => openSqliteLog({ path }))).code).toBe('read-only')
      const error = await refusal(() => openSqliteLog({ path: join(mounted, 'copy.db'), readOnly: true }))
      expect(error.message).toMatch(/write-ahead log that cannot be read/)
      expect((await refusal(() => openSqliteLog({ path: join(mounted, 'new.db') }))).code).toMatch(
        /read-only|not-found/
      )
    } finally {
      execFileSync('umount', ['--lazy', mounted])
    }
  })
})
