import { statSync } from 'node:fs'
import Database from 'better-sqlite3'
import { plainRow, type Row, type Section } from '../bench.ts'

/** Bytes that an event takes on disk, all indexes and commits included. */
export const size: Section = {
  name: 'size',
  async run({ quick, histories }) {
    const events = quick ? 10_000 : 1_000_000
    const emmettEvents = quick ? 1000 : 100_000
    const log = await histories.log(events)
    const whole = bytes(log) / events
    const floor = bytes(await histories.floor(events)) / events
    const emmett = bytes(await histories.emmett(emmettEvents)) / emmettEvents
    const parts = tableBytes(log)
    const models = (parts.get('spans') ?? 0) + (parts.get('state_snapshots') ?? 0)
    const row = (what: string, ours: number) =>
      plainRow(what, 'bytes/event', ours, { floor, emmett, ofFloor: floor / ours, ofEmmett: emmett / ours })
    return [
      row(`on disk at ${events}, whole database`, whole),
      row(`on disk at ${events}, without read models`, whole - models / events),
      ...[...parts]
        .filter(([, all]) => all / events >= 5)
        .map(([table, all]): Row => plainRow(`on disk at ${events}, ${table}`, 'bytes/event', all / events))
    ]
  }
}

/** The file's length after all of the write-ahead log is in it. */
function bytes(path: string): number {
  const sqlite = new Database(path)
  sqlite.pragma('wal_checkpoint(truncate)')
  sqlite.close()
  return statSync(path).size
}

/** Pages by table, indexes with their tables. */
function tableBytes(path: string): Map<string, number> {
  const sqlite = new Database(path, { readonly: true })
  const rows = sqlite
    .prepare<[], { table: string; bytes: number }>(
      `select s.tbl_name as "table", sum(d.pgsize) as bytes from dbstat d
        join sqlite_master s on s.name = d.name where d.aggregate = 1 group by s.tbl_name order by bytes desc`
    )
    .all()
  sqlite.close()
  return new Map(rows.map((row) => [row.table, row.bytes]))
}
