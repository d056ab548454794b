import pc from 'picocolors'
import type { Asker } from '../projections/index.ts'
import { askerOf } from './asker.ts'
import { databasePath } from './database.ts'
import { type Io, type TextOutput, write } from './io.ts'

/** Options that every command takes. */
export interface GlobalOptions {
  readonly db?: string
  readonly utc?: boolean
}

/** One run of a command: its surroundings, and how it speaks. */
export class App {
  readonly io: Io
  readonly databasePath: string
  /** Wall times are read and printed in UTC, not in the local time zone. */
  readonly utc: boolean
  /** Colours for standard output: none unless it is a terminal. */
  readonly colors: ReturnType<typeof pc.createColors>

  constructor(io: Io, { db, utc = false }: GlobalOptions) {
    this.io = io
    this.databasePath = databasePath(db, io.env)
    this.utc = utc
    this.colors = pc.createColors(showsColors(io.stdout, io.env))
  }

  /** How questions with times are asked here and now. */
  get asker(): Asker {
    return askerOf(this.io.now(), this.utc)
  }

  /** Data, to standard output. A line end is added. */
  print(text: string): Promise<void> {
    return write(this.io.stdout, `${text}\n`)
  }

  /** Everything that is not data, to standard error. A line end is added. */
  note(text: string): Promise<void> {
    return write(this.io.stderr, `${text}\n`)
  }

  /** Something that the user should know and that did not stop the command. */
  warn(what: string, hint: string): Promise<void> {
    return this.note(`klplog: ${what}\n${indented(hint)}`)
  }
}

/** A hint's lines, as they stand under what they are about. */
export function indented(hint: string): string {
  return hint.replaceAll(/^/gm, '  ')
}

/** See https://no-color.org: set and not empty. */
function showsColors(output: TextOutput, env: Io['env']): boolean {
  return output.isTTY === true && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb'
}
