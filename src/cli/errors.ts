import { ImportError, LogError, StoreError } from '../events/index.ts'

/** What the process's exit code says. */
export const exitCodes = {
  fine: 0,
  /** Violations were found: the log does not verify. */
  found: 1,
  usage: 2,
  badInput: 3,
  store: 4,
  /** A fault of klplog itself. */
  internal: 70,
  /** Ctrl-C, as shells have it: 128 and the signal's number. */
  interrupted: 130
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** An error that a user can do something about: what is wrong, and in `hint` what to do. */
export class CliError extends Error {
  readonly exitCode: ExitCode
  readonly hint: string

  constructor(exitCode: ExitCode, message: string, hint: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.exitCode = exitCode
    this.hint = hint
  }
}

/** The command line does not say what to do, or asks for what is not there. */
export class UsageError extends CliError {
  constructor(message: string, hint: string, options?: ErrorOptions) {
    super(exitCodes.usage, message, hint, options)
  }
}

/** A file that was given cannot be read, or is not what it should be. */
export class InputError extends CliError {
  constructor(message: string, hint: string, options?: ErrorOptions) {
    super(exitCodes.badInput, message, hint, options)
  }
}

/** What a user is told of an error. */
export interface Explanation {
  readonly exitCode: ExitCode
  readonly message: string
  readonly hint: string
}

export function explain(error: unknown): Explanation {
  if (error instanceof CliError) return error
  if (error instanceof LogError) {
    const exitCode = isOfInput(error) ? exitCodes.badInput : exitCodes.store
    return { exitCode, message: error.message, hint: error.hint }
  }
  return explainHinted(error) ?? explainSystemError(error) ?? internal(error)
}

/** Other rooms' errors that say what to do are about what was asked for. */
function explainHinted(error: unknown): Explanation | null {
  if (!(error instanceof Error) || !('hint' in error) || typeof error.hint !== 'string') return null
  return { exitCode: exitCodes.usage, message: error.message, hint: error.hint }
}

/** An import also fails where its file is right, and the disk is full. */
function isOfInput(error: LogError): boolean {
  if (!(error instanceof ImportError)) return false
  return !(error.cause instanceof StoreError) || error.cause.code === 'not-next'
}

const systemErrors: Readonly<Record<string, readonly [what: string, hint: string]>> = {
  ENOENT: ['does not exist', 'Check the path.'],
  ENOTDIR: ['has a file where a directory should be', 'Check the path.'],
  EISDIR: ['is a directory', 'Give the path of a file.'],
  EACCES: ['may not be accessed', 'Check the permissions of the file and of its directories.'],
  EPERM: ['may not be accessed', 'Check the permissions of the file and of its directories.'],
  EROFS: ['lies on a read-only file system', 'Give a path on another file system.'],
  ENOSPC: ['does not fit on its disk', 'Make room, then try again.'],
  EIO: ['cannot be read', 'Look for errors of the disk in the kernel log.']
}

/** Errors of the file system that name a path. */
function explainSystemError(error: unknown): Explanation | null {
  if (!(error instanceof Error)) return null
  const { code, path } = error as NodeJS.ErrnoException
  const known = code === undefined ? undefined : systemErrors[code]
  if (known === undefined) return null
  const [what, hint] = known
  return { exitCode: exitCodes.badInput, message: `${path ?? 'the output'} ${what}`, hint }
}

function internal(error: unknown): Explanation {
  const what = error instanceof Error ? error.message : String(error)
  return {
    exitCode: exitCodes.internal,
    message: `unexpected: ${what}`,
    hint: 'This is a fault of klplog. KLPLOG_DEBUG=1 shows where; please report it.'
  }
}
