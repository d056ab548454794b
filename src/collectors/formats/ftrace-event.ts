import type { Observation, TaskRef } from '../observation.ts'
import { secondsNs } from './clock-text.ts'
import type { FtraceHeader } from './ftrace-header.ts'
import { type Outcome, rejected, unrelated } from './held-lines.ts'
import { withoutPrintkTime } from './kernel-message.ts'
import { quotedArguments } from './probe-arguments.ts'
import { probeSite } from './probe-site.ts'

const namePattern = /(?:[\w.]+:(?=\w))?([\w.]+)/y

/**
 * What the event of a record states, which begins at `header.at`: `EVENT: details`, `SYSCALL(…)` or
 * `SYSCALL -> 0x…`. Null when its last value does not end: it goes on in the next line, or the line is cut.
 */
export function ftraceEvent(text: string, header: FtraceHeader): Outcome | null {
  namePattern.lastIndex = header.at
  const name = namePattern.exec(text)?.[1]
  if (name === undefined) return unrelated
  const end = namePattern.lastIndex
  if (text.charCodeAt(end) !== 58) return tracedCall(text, header, name, end)
  const details = end + 1
  switch (name) {
    case 'console':
      return stated(header, { kind: 'printk', message: withoutPrintkTime(text.slice(details).trimStart()) })
    case 'tracing_mark_write':
      return mark(header, text.slice(details).replace(/^ /, ''))
    case 'print':
      return mark(header, text.slice(details).trimStart().replace(markWriter, ''))
  }
  const first = firstAfterSpace(text, details)
  if (text.charCodeAt(first) === 40) return probe(text, header, name, first)
  if (name === 'module_load') return moduleEvent(text, header, 'load', first)
  if (name === 'module_free') return moduleEvent(text, header, 'free', first)
  return name.startsWith('sys_e') ? calledByName(text, header, name, details) : unrelated
}

/** trace-cmd prints who called the tracer: user space comes through `tracing_mark_write`. */
const markWriter = /^(?:tracing_mark_write|(?:0x)?[\da-f]{8,16}s?): ?/

function mark(header: FtraceHeader, text: string): Outcome {
  return stated(header, { kind: 'mark', text, task: taskOf(header) })
}

function probe(text: string, header: FtraceHeader, event: string, at: number): Outcome | null {
  const site = probeSite(text, at, event)
  if (site.kind === 'elsewhere') return unrelated
  if (site.kind === 'unnamed') {
    const what = `the probe ${event} fired at ${site.address}, which is no function's name`
    return rejected(`${what}: name it p_FUNCTION_0 or r_FUNCTION_0, or keep the kernel's own trace file`)
  }
  const { fn, returns } = site
  const { args, open } = quotedArguments(text, site.end)
  return open ? null : stated(header, { kind: 'probe', fn, returns, args, task: taskOf(header) })
}

/** TAINT_LIVEPATCH is bit 15; the tracepoint knows no letter for it and prints what is left as a number. */
const taintLivepatch = 0x8000

/** module:module_load and module_free: `NAME TAINTS`, taints as letters and then a number (`O0x8000`). */
function moduleEvent(text: string, header: FtraceHeader, what: 'load' | 'free', from: number): Outcome {
  const [module = '', taints = ''] = text.slice(from).trim().split(/\s+/, 2)
  if (module === '') return rejected(`expected 'module_${what}: NAME', found no name`)
  const [letters = '', rest = ''] = taints.split('0x', 2)
  const tainted = letters.includes('K') || (Number.parseInt(rest, 16) & taintLivepatch) !== 0
  const livepatch = what === 'load' ? tainted : null
  return stated(header, { kind: 'module', what, module, livepatch, task: taskOf(header) })
}

const moduleCalls: ReadonlySet<string> = new Set(['init_module', 'finit_module', 'delete_module'])
const returned = / *-> *(-?\w+)/y

/** The syscall tracepoints as ftrace prints them: `sys_finit_module(fd: 3, …)`, `sys_finit_module -> 0x0`. */
function tracedCall(text: string, header: FtraceHeader, name: string, end: number): Outcome {
  const call = /^(?:compat_)?sys_(\w+)$/.exec(name)?.[1]
  if (call === undefined || !moduleCalls.has(call)) return unrelated
  if (text.charCodeAt(end) === 40) return called(header, call, null)
  returned.lastIndex = end
  const ret = returned.exec(text)?.[1]
  if (ret !== undefined) return exited(header, call, ret)
  // The function tracer's lines look like this: `sys_finit_module <-do_syscall_64`.
  return text.startsWith(' <-', end) ? unrelated : rejected(`expected '${name}(…)' or '${name} -> 0x…'`)
}

/** The same as trace-cmd and perf print them: `sys_enter_finit_module: …`, `sys_exit_finit_module: 0x0`. */
function calledByName(text: string, header: FtraceHeader, name: string, from: number): Outcome {
  const [, way, call = ''] = /^sys_(enter|exit)_(\w+)$/.exec(name) ?? []
  if (!moduleCalls.has(call)) return unrelated
  return way === 'enter' ? called(header, call, null) : exited(header, call, text.slice(from).trim())
}

function exited(header: FtraceHeader, call: string, ret: string): Outcome {
  const value = signed(ret)
  return value === null
    ? rejected(`expected what ${call} returned, a number of up to 64 bits, found '${ret.slice(0, 40)}'`)
    : called(header, call, value)
}

function called(header: FtraceHeader, name: string, ret: number | null): Outcome {
  return stated(header, { kind: 'syscall', name, ret, task: taskOf(header) })
}

/** A register in two's complement: `0xffffffffffffffea` is -22, and so is a compat call's `0xffffffea`. */
function signed(text: string): number | null {
  if (!/^(?:0x[\da-f]{1,16}|-?\d{1,15})$/.test(text)) return null
  const value = BigInt.asIntN(64, BigInt(text))
  const narrow = BigInt.asIntN(32, value)
  return Number(value === BigInt.asUintN(32, value) && narrow < 0n && narrow >= -4095n ? narrow : value)
}

function stated(header: FtraceHeader, observation: Observation): Outcome {
  const timeNs = secondsNs(header.seconds, header.fraction)
  return {
    outcome: 'observed',
    timeNs,
    clock: 'monotonic',
    cpu: Number(header.cpu),
    observations: [observation]
  }
}

function taskOf({ comm, pid }: FtraceHeader): TaskRef {
  return { pid: Number(pid), comm }
}

function firstAfterSpace(text: string, from: number): number {
  let at = from
  while (text.charCodeAt(at) === 32) at++
  return at
}
