import type { Session } from './session.ts'

/** What a command did: text for the user, and whether the debugger is to end. */
export interface Said {
  readonly text: string
  readonly quits?: boolean
}

/** A command of the debugger. */
export interface DebugCommand {
  readonly name: string
  /** Short forms beside every unambiguous beginning of the name. */
  readonly aliases: readonly string[]
  readonly args: string
  readonly says: string
  /** An empty line after it does it again, as in gdb. */
  readonly repeats: boolean
  run(session: Session, rest: string): Promise<Said>
  /** Words that may stand where the cursor is. */
  complete?(session: Session): readonly string[]
}
