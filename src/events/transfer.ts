import { CommitDigest, canonical, type EventRow, genesisDigest } from './canonical.ts'
import { ImportError, LogError, StoreError } from './errors.ts'
import type { Commit, EventLog, RejectedEvidence } from './log.ts'
import {
  commitLine,
  endLine,
  eventLine,
  formatVersion,
  headerLine,
  parseLine,
  rejectedLine,
  type Totals,
  type TransferLine
} from './transfer-lines.ts'

const pageSize = 1000

/**
 * The log as JSON lines: a header, then each commit's events followed by the commit with its digest, then
 * the rejected evidence, then the totals, which tell a whole file from one that was cut off.
 * @throws StoreError when a commit's events do not give its digest: a damaged log is not passed on
 */
export async function* exportLog(log: EventLog): AsyncGenerator<string> {
  yield headerLine()
  let last: Commit = { number: 0, firstPosition: 0, lastPosition: 0, digest: genesisDigest }
  for await (const commit of allCommits(log, 0)) {
    const digest = new CommitDigest(last.digest)
    for await (const page of log.rows(commit.firstPosition - 1, commit.lastPosition)) {
      for (const row of page) {
        digest.add(canonical(row))
        yield eventLine(row)
      }
    }
    if (digest.hex() !== commit.digest) throw damaged(commit)
    yield commitLine(commit)
    last = commit
  }
  let rejected = 0
  for await (const evidence of allRejected(log)) {
    yield rejectedLine(evidence)
    rejected++
  }
  yield endLine({ commits: last.number, events: last.lastPosition, rejected, head: last.digest })
}

/** What an import did. */
export interface ImportResult extends Totals {
  /** Commits that were written now; the others were there already. */
  readonly written: number
}

/**
 * Appends an exported log commit by commit, with the same positions and digests. What the log holds already
 * is skipped, so an interrupted import is resumed by doing it again.
 * @throws ImportError that names the line when the file was changed, was cut off, or is of another log
 */
export async function importLog(
  log: EventLog,
  lines: AsyncIterable<string> | Iterable<string>
): Promise<ImportResult> {
  const importer = new Importer(log)
  let number = 0
  for await (const text of lines) {
    number++
    if (text !== '') await importer.take(text, number)
  }
  return importer.end(number + 1)
}

class Importer {
  readonly #log: EventLog
  readonly #present: AsyncIterator<Commit, undefined>
  #started = false
  #rows: EventRow[] = []
  #evidence: RejectedEvidence[] = []
  #last: Commit = { number: 0, firstPosition: 0, lastPosition: 0, digest: genesisDigest }
  #written = 0
  #rejected = 0
  #totals: Totals | undefined

  constructor(log: EventLog) {
    this.#log = log
    this.#present = allCommits(log, 0)
  }

  async take(text: string, line: number): Promise<void> {
    const entry = parse(text, line)
    if (!this.#started && entry.kind !== 'header') throw new ImportError(line, 'no header', notAnExport)
    if (this.#totals !== undefined) throw new ImportError(line, 'a line after the end line', exportAgain)
    switch (entry.kind) {
      case 'header':
        this.#header(entry.format, line)
        break
      case 'event':
        this.#rows.push(entry.row)
        break
      case 'commit':
        await this.#commit(entry.commit, line)
        break
      case 'rejected':
        this.#evidence.push(entry.evidence)
        if (this.#evidence.length >= pageSize) await this.#reject()
        break
      case 'end':
        this.#totals = entry.totals
    }
  }

  async end(line: number): Promise<ImportResult> {
    await this.#reject()
    const totals = this.#totals
    if (totals === undefined) throw new ImportError(line, 'the file ends before its end line', resume)
    const { number: commits, lastPosition: events, digest: head } = this.#last
    const whole = totals.commits === commits && totals.events === events && totals.head === head
    if (!whole || totals.rejected !== this.#rejected || this.#rows.length > 0) {
      throw new ImportError(line - 1, 'the end line counts other lines than the file has', exportAgain)
    }
    return { ...totals, written: this.#written }
  }

  #header(format: number, line: number): void {
    if (this.#started) throw new ImportError(line, 'a second header', 'Import one file at a time.')
    if (format > formatVersion) {
      throw new ImportError(
        line,
        `the file has format ${format}, this klplog reads ${formatVersion}`,
        'Update klplog.'
      )
    }
    this.#started = true
  }

  /** Checks the commit against its events, then against the log: it is there already, or comes next. */
  async #commit(commit: Commit, line: number): Promise<void> {
    const rows = this.#rows
    this.#rows = []
    const digest = new CommitDigest(this.#last.digest)
    for (const row of rows) digest.add(canonical(row))
    const fits =
      commit.number === this.#last.number + 1 &&
      commit.firstPosition === this.#last.lastPosition + 1 &&
      commit.lastPosition === this.#last.lastPosition + rows.length &&
      commit.digest === digest.hex()
    if (!fits) {
      throw new ImportError(line, `commit ${commit.number} does not fit the lines before it`, exportAgain)
    }
    const present = await this.#present.next()
    if (present.done === true) await this.#write(commit, rows, line)
    else if (present.value.digest !== commit.digest) {
      throw new ImportError(line, `the log has another commit ${commit.number}`, otherLog)
    }
    this.#last = commit
  }

  async #write(commit: Commit, rows: readonly EventRow[], line: number): Promise<void> {
    try {
      await this.#log.restore(commit, rows)
    } catch (cause) {
      if (!(cause instanceof LogError)) throw cause
      throw new ImportError(line, `commit ${commit.number} was refused: ${cause.message}`, cause.hint, {
        cause
      })
    }
    this.#written++
  }

  async #reject(): Promise<void> {
    await this.#log.reject(this.#evidence)
    this.#rejected += this.#evidence.length
    this.#evidence = []
  }
}

const notAnExport = 'Give a file that `klplog export` wrote.'
const exportAgain = 'The file was changed after its export: export the log again.'
const resume = 'It was cut off: get the whole file and import it again; what is there already is skipped.'
const otherLog = 'Import into an empty log, or into the one that this file was exported from.'

function parse(text: string, line: number): TransferLine {
  try {
    return parseLine(text)
  } catch (cause) {
    throw new ImportError(line, (cause as Error).message, exportAgain, { cause })
  }
}

async function* allCommits(log: EventLog, after: number): AsyncGenerator<Commit, undefined> {
  for (let number = after; ; ) {
    const page = await log.commits(number, pageSize)
    yield* page
    const last = page.at(-1)
    if (last === undefined) return
    number = last.number
  }
}

async function* allRejected(log: EventLog): AsyncGenerator<RejectedEvidence> {
  for (let afterId = 0; ; ) {
    const page = await log.rejected({ afterId, limit: pageSize })
    for (const { id, ...evidence } of page) {
      afterId = id
      yield evidence
    }
    if (page.length === 0) return
  }
}

function damaged({ number, firstPosition, lastPosition }: Commit): StoreError {
  return new StoreError(
    'corrupt',
    `commit ${number} does not fit its events ${firstPosition} to ${lastPosition}`,
    'Run `klplog verify` to find the damaged event, and restore the log from a backup.'
  )
}
