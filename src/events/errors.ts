/** What every error of the log has: a stable `code` for programs and a `hint`, a sentence that says what to do. */
export abstract class LogError extends Error {
  abstract readonly code: string
  readonly hint: string

  constructor(message: string, hint: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.hint = hint
  }
}

/** The stream does not stand where the append expected it. */
export class ExpectedRevisionError extends LogError {
  readonly code = 'expected-revision'
  readonly stream: string
  readonly expected: string | number
  readonly actual: number

  constructor(stream: string, expected: string | number, actual: number) {
    const stands = actual === 0 ? 'has no events' : `stands at revision ${actual}`
    super(
      `stream ${stream} ${stands}, the append expected ${expected === 'no-stream' ? 'no stream' : expected}`,
      'Another writer was there first: read the stream again, decide again, append again.'
    )
    this.stream = stream
    this.expected = expected
    this.actual = actual
  }
}

/** An event does not fit the catalogue; nothing of its append was written. */
export class InvalidEventError extends LogError {
  readonly code = 'invalid-event'
  /** Its place in the appended array, from 0. */
  readonly index: number
  readonly reason: string

  constructor(index: number, type: string, reason: string) {
    super(
      `event ${index} (${type}): ${reason}`,
      'Nothing was written. The catalogue (src/events/catalogue) says what an event of this type holds.'
    )
    this.index = index
    this.reason = reason
  }
}

/** The list of upcasters cannot lead every stored version to the catalogue's present one. */
export class UpcasterError extends LogError {
  readonly code = 'upcaster'

  constructor(message: string) {
    super(
      message,
      'Give each older version of a type exactly one upcaster that leads towards the present one.'
    )
  }
}

/** Why a store could not be used; stable, for programs. */
export type StoreErrorCode =
  | 'not-found'
  | 'not-a-file'
  | 'not-sqlite'
  | 'not-a-log'
  | 'newer-schema'
  | 'older-schema'
  | 'newer-event'
  | 'read-only'
  | 'unreadable'
  | 'locked'
  | 'disk-full'
  | 'corrupt'
  | 'not-next'
  | 'closed'
  | 'io'

/** The database cannot be opened, read or written. */
export class StoreError extends LogError {
  readonly code: StoreErrorCode

  constructor(code: StoreErrorCode, message: string, hint: string, options?: ErrorOptions) {
    super(message, hint, options)
    this.code = code
  }
}

/** A file of JSON lines that does not hold a log, or not the log that it is imported into. */
export class ImportError extends LogError {
  readonly code = 'import'
  /** Line of the file, from 1. */
  readonly line: number

  constructor(line: number, message: string, hint: string, options?: ErrorOptions) {
    super(`line ${line}: ${message}`, hint, options)
    this.line = line
  }
}
