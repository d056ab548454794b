import { z } from 'zod'
import type { EvidenceFormat } from '../observation.ts'
import { type Outcome, rejected } from './held-lines.ts'
import { baseName, jsonLines, nanoseconds, shareInShape } from './json-lines.ts'

/**
 * A journal of commands, one JSON object a line: `cmd`, `what` (its author's words), `t0` and `t1` (ns since
 * boot, around the process), `rc`, and `out`: what it printed, or the report of a helper that made the system
 * call itself, with its own tighter `t0`, `t1` and the errno.
 *
 * The observation's `operation` is insmod, rmmod, write, attach, detach, waitfor, read or other. `target` and
 * `value`: insmod and rmmod name the module; write, read and waitfor a path, with what was written, read or
 * waited for; attach and detach name the program, attach with the value that it shall return instead.
 */
export const commands: EvidenceFormat = {
  name: 'commands',
  description: 'journal of commands that were run, one JSON object a line',
  recognise: (head) => shareInShape(head, commandLine),
  open: () => jsonLines(commandLine, read)
}

const report = z.object({
  op: z.string(),
  path: z.string().nullish(),
  arg: z.string().nullish(),
  value: z.string().nullish(),
  want: z.string().nullish(),
  data: z.string().nullish(),
  t0: nanoseconds.nullish(),
  t1: nanoseconds.nullish(),
  errno: z.int().nullish()
})

const commandLine = z.object({
  what: z.string().nullish(),
  cmd: z.string(),
  t0: nanoseconds,
  t1: nanoseconds,
  rc: z.int(),
  out: z.union([z.string(), report], { error: 'neither text nor a report {op, t0, t1, errno}' }).nullish()
})

type CommandLine = z.infer<typeof commandLine>
type Report = z.infer<typeof report>

/** What a command did, and to what. */
interface Deed {
  readonly operation: 'insmod' | 'rmmod' | 'write' | 'attach' | 'detach' | 'waitfor' | 'read' | 'other'
  readonly target: string | null
  readonly value: string | null
}

function read(line: CommandLine): Outcome {
  const told = typeof line.out === 'object' ? line.out : null
  const fromNs = told?.t0 ?? line.t0
  const timeNs = told?.t1 ?? line.t1
  if (timeNs < fromNs) return rejected('t1 is before t0: the command ends before it begins')
  return {
    outcome: 'observed',
    timeNs,
    clock: 'monotonic',
    observations: [
      {
        kind: 'command',
        fromNs,
        command: line.cmd.trim(),
        what: line.what ?? null,
        ...(told ? deedOfReport(told) : deedOfCommand(line)),
        errno: told?.errno ?? line.rc,
        task: null
      }
    ]
  }
}

function deedOfReport({ op, arg, path, value, want, data }: Report): Deed {
  const target = path ?? null
  switch (op) {
    case 'finit_module':
    case 'init_module':
      return { operation: 'insmod', target: arg ? moduleOf(arg) : null, value: null }
    case 'delete_module':
      return { operation: 'rmmod', target: arg ? moduleOf(arg) : null, value: null }
    case 'write':
      return { operation: 'write', target, value: value ?? null }
    case 'waitfor':
      return { operation: 'waitfor', target, value: want ?? null }
    case 'read':
      return { operation: 'read', target, value: data?.replace(/\n$/, '') ?? null }
    default:
      return { operation: 'other', target, value: null }
  }
}

function deedOfCommand({ cmd, what }: CommandLine): Deed {
  const words = cmd.trim().split(/\s+/)
  const [tool = '', first = null, , , value = null] = words
  const path = words.findLast((word) => word.startsWith('/')) ?? null
  switch (baseName(tool)) {
    case 'attach':
      return { operation: 'attach', target: first, value }
    case 'detach':
      return { operation: 'detach', target: first, value: null }
    case 'insmod':
    case 'modprobe':
      return { operation: 'insmod', target: moduleOf(path ?? words.at(-1) ?? ''), value: null }
    case 'rmmod':
      return { operation: 'rmmod', target: moduleOf(words.at(-1) ?? ''), value: null }
    case 'cat':
    case 'grep':
    case 'ls':
      return { operation: 'read', target: path, value: null }
    default:
      return killed(cmd, what ?? '')
  }
}

/** A loader detaches when it is killed: only the author's words then name the program. */
function killed(cmd: string, what: string): Deed {
  const program = /^detach (\S+)/.exec(what)?.[1]
  return program !== undefined && /\bkill\b/.test(cmd)
    ? { operation: 'detach', target: program, value: null }
    : { operation: 'other', target: null, value: null }
}

/**
 * The module's own name from its file's: without folder and suffix, with the underscores that the kernel
 * uses.
 */
function moduleOf(file: string): string {
  return baseName(file)
    .replace(/\.ko(?:\.(?:gz|xz|zst))?$/, '')
    .replaceAll('-', '_')
}
