import { createHash } from 'node:crypto'
import type { Statement } from 'better-sqlite3'
import { flagLatin1 } from './canonical.ts'
import { InvalidEventError } from './errors.ts'
import { flagsOf, isName, isText } from './event-row.ts'
import type { RejectedEvidence } from './log.ts'
import type { Connection } from './sqlite-connection.ts'
import { Names } from './sqlite-names.ts'
import { prepare } from './sqlite-statement.ts'

type RejectedRow = readonly [
  id: number,
  stream: string | null,
  source: string,
  line: number,
  reason: string,
  raw: string,
  flags: number
]

/** Keeps the evidence that no reader understood. */
export class RejectedStore {
  readonly #connection: Connection
  readonly #insert: Statement<unknown[], unknown>
  readonly #select: Statement<unknown[], unknown>
  readonly #selectOfStream: Statement<unknown[], unknown>

  constructor(connection: Connection) {
    this.#connection = connection
    const { kysely } = connection
    this.#insert = prepare(
      connection,
      kysely
        .insertInto('rejected_evidence')
        .values({ stream_id: 0, source_id: 0, line: 0, reason: '', raw: '', flags: 0, digest: '' })
        .onConflict((conflict) => conflict.column('digest').doNothing())
    )
    const page = kysely
      .selectFrom('rejected_evidence as evidence')
      .innerJoin('sources', 'sources.id', 'evidence.source_id')
      .leftJoin('streams', 'streams.id', 'evidence.stream_id')
      .select([
        'evidence.id',
        'streams.name as stream',
        'sources.name as source',
        'evidence.line',
        'evidence.reason',
        'evidence.raw',
        'evidence.flags'
      ])
      .where('evidence.id', '>', 0)
      .orderBy('evidence.id')
      .limit(0)
    this.#select = prepare(connection, page).raw()
    const ofStream = kysely.selectFrom('streams').select('id').where('name', '=', '')
    this.#selectOfStream = prepare(connection, page.where('evidence.stream_id', '=', ofStream)).raw()
  }

  /** See EventLog.reject. */
  reject(evidence: readonly RejectedEvidence[]): number {
    for (const [index, item] of evidence.entries()) assertText(item, index)
    const { sqlite } = this.#connection
    return sqlite.transaction(() => this.#insertAll(evidence)).immediate()
  }

  /** See EventLog.rejected. */
  page({ stream, limit = 1000, afterId = 0 }: { stream?: string; limit?: number; afterId?: number }) {
    const rows =
      stream === undefined
        ? this.#select.all(afterId, limit)
        : this.#selectOfStream.all(afterId, stream, limit)
    return (rows as RejectedRow[]).map(([id, name, source, line, reason, raw, flags]) => ({
      id,
      stream: name,
      source,
      line,
      reason,
      raw,
      ...((flags & flagLatin1) !== 0 && { latin1: true })
    }))
  }

  #insertAll(evidence: readonly RejectedEvidence[]): number {
    const streams = new Names(this.#connection, 'streams')
    const sources = new Names(this.#connection, 'sources')
    let added = 0
    for (const item of evidence) {
      const { changes } = this.#insert.run(
        item.stream === null ? null : streams.intern(item.stream),
        sources.intern(item.source),
        item.line,
        item.reason,
        item.raw,
        flagsOf(item),
        digestOf(item)
      )
      added += changes
    }
    return added
  }
}

/** What makes a piece of evidence the same one: not the reason, which a later version may word differently. */
function digestOf({ stream, source, line, raw, latin1 = false }: RejectedEvidence): string {
  return createHash('sha256')
    .update(JSON.stringify([stream, source, line, raw, latin1]))
    .digest('hex')
}

function assertText({ stream, source, line, reason, raw }: RejectedEvidence, index: number): void {
  const named = isName(source) && (stream === null || isName(stream))
  if (named && isText(reason) && isText(raw) && Number.isSafeInteger(line)) return
  throw new InvalidEventError(
    index,
    'rejected evidence',
    'its texts must be well-formed, its names not empty, its line an integer'
  )
}
