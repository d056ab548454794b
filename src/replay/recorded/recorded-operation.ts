import type { StoredEvent } from '../../events/index.ts'
import type { Operation } from '../../kernel/index.ts'
import { taskKey } from '../../projections/index.ts'

/** An operation that a recording shows, with the events that it gave. */
export interface RecordedOperation {
  /** What happened, without the tasks' part, which the conditions of the events give. */
  operation: Operation
  readonly events: StoredEvent[]
  /** What user space saw: 0 or a positive errno; null where no evidence tells. */
  errno: number | null
  readonly uptimeNs: bigint
}

/**
 * Cuts a recorded history into operations: each begins with the event that only its beginning gives, and has
 * the events that follow from it. Snapshots, readings and lost evidence are no operations.
 */
export function recordedOperations(history: readonly StoredEvent[]): RecordedOperation[] {
  const cutter = new Cutter(overridingPrograms(history))
  for (const event of history) cutter.take(event)
  return cutter.done
}

class Cutter {
  readonly done: RecordedOperation[] = []
  /** The operation in whose course the kernel is. */
  #current: RecordedOperation | null = null
  #triedIn: RecordedOperation | null = null
  readonly #overriding: ReadonlySet<string>

  constructor(overriding: ReadonlySet<string>) {
    this.#overriding = overriding
  }

  take(event: StoredEvent): void {
    if (event.type === 'command.ran') this.#command(event)
    else if (isHook(event))
      this.#begin(
        hookOperation(event, this.#overriding),
        event,
        event.type === 'hook.rejected' ? event.data.errno : 0
      )
    else if (event.type === 'patch.rejected' && event.data.operation !== 'enable') this.#refusedWrite(event)
    else if (event.type.startsWith('task.') && 'how' in event.data && event.data.how === 'self')
      this.#selfSwitch(event)
    else this.#kernel(event)
  }

  #kernel(event: StoredEvent): void {
    const begun = this.#beginning(event)
    if (begun !== null) this.#begin(begun, event, null)
    else this.#current?.events.push(event)
    if (event.type === 'transition.tried') this.#triedIn = this.#current
    if (event.type === 'patch.rejected' && this.#current !== null) this.#current.errno ??= event.data.errno
  }

  /** The operation that this event begins; null when it belongs to the one under way, or to none. */
  #beginning(event: StoredEvent): Operation | null {
    const current = this.#current?.operation
    switch (event.type) {
      case 'module.loaded':
        return { op: 'insmod', module: event.data.module }
      case 'patch.disabled':
        return { op: 'write-enabled', patch: event.data.patch, value: '0' }
      case 'transition.reversed':
        return {
          op: 'write-enabled',
          patch: event.data.patch,
          value: event.data.goal === 'patched' ? '1' : '0'
        }
      case 'transition.forced':
        return { op: 'force', patch: event.data.patch, value: '1' }
      case 'transition.tried':
        return this.#isFirstTry() ? null : { op: 'try' }
      case 'patch.freed':
        return this.#failed() ? null : { op: 'free', patch: event.data.patch }
      case 'hook.killed':
        return { op: 'rmmod', module: event.data.symbol?.split(':')[0] ?? '' }
      case 'module.going': {
        const { module } = event.data
        const goes = current !== undefined && 'module' in current && current.module === module
        return goes && (current.op === 'rmmod' || this.#failed()) ? null : { op: 'rmmod', module }
      }
      default:
        return null
    }
  }

  /** Enabling and disabling try once themselves; a reverse leaves it to the delayed work. */
  #isFirstTry(): boolean {
    const current = this.#current
    if (current === null || this.#triedIn === current) return false
    const first = current.events[0]?.type
    return first === 'module.loaded' || first === 'patch.disabled'
  }

  /** Whether the load under way has failed. */
  #failed(): boolean {
    const events = this.#current?.events ?? []
    return events.some((event) => event.type === 'patch.rejected' || event.type === 'transition.cancelled')
  }

  /** A task that switches itself beside a try is its own operation, told after the one that it runs beside. */
  #selfSwitch(event: StoredEvent): void {
    this.#current?.events.push(event)
    if (event.type !== 'task.switched') return
    const { pid, comm } = event.data
    const operation = { op: 'switch', task: taskKey(pid, comm) } as const
    this.done.push({ operation, events: [event], errno: null, uptimeNs: event.uptimeNs })
  }

  #refusedWrite(event: Extract<StoredEvent, { type: 'patch.rejected' }>): void {
    const { patch, operation, value, errno } = event.data
    const op = operation === 'force' ? 'force' : 'write-enabled'
    this.#begin({ op, patch, value: value ?? '' }, event, errno)
  }

  #begin(operation: Operation, event: StoredEvent, errno: number | null): void {
    this.#current = { operation, events: [event], errno, uptimeNs: event.uptimeNs }
    this.done.push(this.#current)
  }

  /** A command ended: its errno belongs to the operation that it caused, or it never reached livepatch. */
  #command(event: Extract<StoredEvent, { type: 'command.ran' }>): void {
    const operation = commandOperation(event.data)
    if (operation === null) return
    const startNs = BigInt(event.data.startNs)
    const caused = this.done.findLast(
      (one) => one.uptimeNs >= startNs && isSameDeed(one.operation, operation)
    )
    if (caused !== undefined) {
      caused.operation = operation
      caused.errno = event.data.errno
      return
    }
    const before = this.done.findLastIndex((one) => one.uptimeNs < startNs)
    this.done.splice(before + 1, 0, { operation, events: [], errno: event.data.errno, uptimeNs: startNs })
  }
}

/** Programs whose counters show that they override, though nothing at their attach said so. */
function overridingPrograms(history: readonly StoredEvent[]): Set<string> {
  const programs = new Set<string>()
  for (const event of history) {
    if (event.type !== 'hook.counted' || event.data.overrides === null || event.data.overrides === '0')
      continue
    programs.add(event.data.program)
  }
  return programs
}

type HookEvent = Extract<StoredEvent, { type: 'hook.attached' | 'hook.rejected' | 'hook.detached' }>

function isHook(event: StoredEvent): event is HookEvent {
  return event.type === 'hook.attached' || event.type === 'hook.rejected' || event.type === 'hook.detached'
}

function hookOperation(event: HookEvent, overriding: ReadonlySet<string>): Operation {
  if (event.type === 'hook.detached') return { op: 'detach', program: event.data.program }
  const { program, kind, module, function: name } = event.data
  const symbol = module === null ? (name ?? '') : `${module}:${name ?? ''}`
  if (event.type === 'hook.rejected') return { op: 'attach', program, kind, symbol, overrides: true }
  const { address, overrides, overrideValue, filter } = event.data
  return {
    op: 'attach',
    program,
    kind,
    symbol,
    overrides: overrides ?? overriding.has(program),
    ...(overrideValue === null ? {} : { overrideValue }),
    ...(address === null ? {} : { address }),
    ...(filter === null ? {} : { filter })
  }
}

/** What a command of the journal asked the kernel for. */
function commandOperation(data: Extract<StoredEvent, { type: 'command.ran' }>['data']): Operation | null {
  const { operation, target, value } = data
  if (target === null) return null
  if (operation === 'insmod') return { op: 'insmod', module: target, params: paramsOf(data.command) }
  if (operation === 'rmmod') return { op: 'rmmod', module: target }
  if (operation !== 'write' || value === null) return null
  const [, patch, file] =
    /^\/sys\/kernel\/livepatch\/([^/]+)\/(enabled|force|replaceable)$/.exec(target) ?? []
  if (patch !== undefined && file === 'enabled') return { op: 'write-enabled', patch, value }
  if (patch !== undefined && file === 'force') return { op: 'force', patch, value }
  if (patch !== undefined) return { op: 'write-replaceable', patch, value }
  const [, module, param] = /^\/sys\/module\/([^/]+)\/parameters\/([^/]+)$/.exec(target) ?? []
  return module === undefined || param === undefined ? null : { op: 'set-param', module, param, value }
}

/** `insmod FILE.ko PARAM=VALUE…`. */
function paramsOf(command: string): Record<string, string> {
  const words = command.split(/\s+/).filter((word) => /^\w+=/.test(word))
  return Object.fromEntries(words.map((word) => word.split(/=(.*)/s).slice(0, 2) as [string, string]))
}

function isSameDeed(a: Operation, b: Operation): boolean {
  if (a.op !== b.op) return false
  if ('module' in a && 'module' in b) return a.module === b.module
  return 'patch' in a && 'patch' in b && a.patch === b.patch
}
