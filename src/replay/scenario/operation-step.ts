import type { Operation, TaskConditions } from '../../kernel/index.ts'
import { taskKey } from '../../projections/index.ts'
import type { ScenarioTask } from './scenario.ts'
import type { StepSpec } from './scenario-schema.ts'

/** How a story calls tasks: by their comm where only one has it, else by their pid. */
export class TaskNames {
  readonly #names = new Map<number, string | number>()

  constructor(tasks: readonly ScenarioTask[]) {
    for (const { pid, comm } of tasks) {
      const isOnly = tasks.every((one) => one.comm !== comm || one.pid === pid) && !/^\d*$/.test(comm)
      this.#names.set(taskKey(pid, comm), isOnly || pid === 0 ? comm : pid)
    }
  }

  of(key: number): string | number {
    return this.#names.get(key) ?? key
  }
}

/** The step of a scenario that has this operation performed. */
export function stepOf(operation: Operation, names: TaskNames): StepSpec {
  switch (operation.op) {
    case 'insmod': {
      const { module, params = {}, busyTrampolines = [], fail } = operation
      return {
        verb: 'insmod',
        insmod: module,
        ...(Object.keys(params).length === 0 ? {} : { params: { ...params } }),
        ...(fail === undefined ? {} : { fail: { ...fail } }),
        ...(busyTrampolines.length === 0 ? {} : { busy_trampolines: [...busyTrampolines] }),
        ...busyOf(operation.conditions, names)
      }
    }
    case 'rmmod':
      return { verb: 'rmmod', rmmod: operation.module }
    case 'write-enabled':
      return enabledStep(operation, names)
    case 'force':
      if (operation.value === '1') return { verb: 'force', force: operation.patch }
      return { verb: 'write', write: `${operation.patch}/force`, value: bare(operation.value) }
    case 'write-replaceable':
      return { verb: 'replaceable', replaceable: operation.patch, value: bare(operation.value) }
    case 'try':
      return { verb: 'try', try: 1, ...busyOf(operation.conditions, names) }
    case 'free':
      return { verb: 'free', free: operation.patch }
    case 'attach':
      return attachStep(operation)
    case 'detach':
      return { verb: 'detach', detach: operation.program }
    case 'set-param':
      return { verb: 'param', param: `${operation.module}.${operation.param}`, value: bare(operation.value) }
    case 'sysctl':
      return { verb: 'sysctl', sysctl: operation.name, value: bare(operation.value) }
    default:
      return taskStep(operation, names)
  }
}

type Task = Extract<Operation, { op: 'switch' | 'start-task' | 'exit-task' | 'call' | 'return' }>

function taskStep(operation: Task, names: TaskNames): StepSpec {
  switch (operation.op) {
    case 'switch':
      return { verb: 'switch', switch: names.of(operation.task) }
    case 'start-task': {
      const { pid, comm, parent } = operation
      return { verb: 'fork', fork: pid, ...(parent === undefined ? {} : { from: names.of(parent) }), comm }
    }
    case 'exit-task':
      return { verb: 'exit', exit: names.of(operation.task) }
    case 'call': {
      const { object, function: name, task } = operation
      return { verb: 'call', call: object === 'vmlinux' ? name : `${object}:${name}`, task: names.of(task) }
    }
    case 'return':
      return { verb: 'return', return: names.of(operation.task) }
  }
}

function enabledStep(
  { patch, value, conditions }: Extract<Operation, { op: 'write-enabled' }>,
  names: TaskNames
): StepSpec {
  const busy = busyOf(conditions, names)
  if (value === '1') return { verb: 'enable', enable: patch, ...busy }
  if (value === '0') return { verb: 'disable', disable: patch, ...busy }
  return { verb: 'write', write: `${patch}/enabled`, value: bare(value), ...busy }
}

function attachStep(operation: Extract<Operation, { op: 'attach' }>): StepSpec {
  const { program, symbol, kind, overrides, overrideValue, filter } = operation
  return {
    verb: 'attach',
    attach: program,
    to: symbol,
    ...(kind === 'kprobe' ? {} : { kind }),
    ...(overrides && overrideValue === undefined ? { overrides: true } : {}),
    ...(overrideValue === undefined ? {} : { override: bare(overrideValue) }),
    ...(filter === undefined ? {} : { filter })
  }
}

function busyOf(conditions: TaskConditions | undefined, names: TaskNames) {
  if (conditions === undefined || conditions.size === 0) return {}
  return { busy: Object.fromEntries([...conditions].map(([task, found]) => [String(names.of(task)), found])) }
}

/** A value as people write it: a number without quotes. */
function bare(value: string): string | number {
  return String(Number(value)) === value ? Number(value) : value
}
