import type { Operation, TaskConditions } from '../../kernel/index.ts'
import { taskKey } from '../../projections/index.ts'
import { splitName } from './call-view.ts'
import { errnoNumber } from './errno-names.ts'
import { findTask, type ScenarioTask } from './scenario.ts'
import type { StepSpec } from './scenario-schema.ts'

/** A task that no step started, or that is gone. */
export class NoSuchTask extends Error {}

/** What a step does to the kernel: one operation, several tries, or nothing. */
export function operationsOf(spec: StepSpec, tasks: readonly ScenarioTask[]): Operation[] {
  const key = (name: string | number) => taskNamed(tasks, name)
  switch (spec.verb) {
    case 'insmod':
      return [
        {
          op: 'insmod',
          module: spec.insmod,
          params: texts(spec.params),
          ...(spec.fail === undefined ? {} : { fail: failing(spec.fail) }),
          ...(spec.busy_trampolines === undefined ? {} : { busyTrampolines: spec.busy_trampolines }),
          conditions: conditions(spec, tasks)
        }
      ]
    case 'rmmod':
      return [{ op: 'rmmod', module: spec.rmmod }]
    case 'enable':
      return [{ op: 'write-enabled', patch: spec.enable, value: '1', conditions: conditions(spec, tasks) }]
    case 'disable':
      return [{ op: 'write-enabled', patch: spec.disable, value: '0', conditions: conditions(spec, tasks) }]
    case 'write':
      return [written(spec, conditions(spec, tasks))]
    case 'force':
      return [{ op: 'force', patch: spec.force, value: '1' }]
    case 'replaceable':
      return [{ op: 'write-replaceable', patch: spec.replaceable, value: bit(spec.value) }]
    case 'attach':
      return [attached(spec)]
    case 'detach':
      return [{ op: 'detach', program: spec.detach }]
    case 'call': {
      const { object, func } = splitName(spec.call)
      return [{ op: 'call', task: key(spec.task), object, function: func }]
    }
    case 'return':
      return [{ op: 'return', task: key(spec.return) }]
    case 'switch':
      return [{ op: 'switch', task: key(spec.switch) }]
    case 'try':
      return Array.from({ length: spec.try }, () => ({ op: 'try', conditions: conditions(spec, tasks) }))
    case 'free':
      return [{ op: 'free', patch: spec.free }]
    case 'fork':
      return [forked(spec, tasks)]
    case 'exit':
      return [{ op: 'exit-task', task: key(spec.exit) }]
    case 'sysctl':
      return [{ op: 'sysctl', name: spec.sysctl, value: bit(spec.value) }]
    case 'param': {
      const [module = '', param = ''] = spec.param.split('.')
      return [{ op: 'set-param', module, param, value: String(spec.value) }]
    }
    case 'look':
      return []
  }
}

/** What a step does, as a command line or a sentence. */
export function stepTitle(spec: StepSpec): string {
  switch (spec.verb) {
    case 'insmod': {
      const params = Object.entries(texts(spec.params)).map(([name, value]) => ` ${name}=${value}`)
      const fail = spec.fail === undefined ? '' : `, whose step ${spec.fail.step} fails`
      return `insmod ${spec.insmod}${params.join('')}${fail}`
    }
    case 'write':
      return `write ${bit(spec.value)} to ${spec.write}`
    case 'replaceable':
      return `write ${bit(spec.value)} to ${spec.replaceable}/replaceable`
    case 'attach': {
      const value = spec.override === undefined ? '' : `, override ${spec.override}`
      const filter = spec.filter === undefined ? '' : `, for ${spec.filter}`
      return `attach ${spec.attach} (${spec.kind ?? 'kprobe'}) to ${spec.to}${value}${filter}`
    }
    case 'call':
      return `task ${spec.task} calls ${spec.call}`
    case 'return':
      return `task ${spec.return} returns from its call`
    case 'switch':
      return `task ${spec.switch} passes the kernel exit`
    case 'try':
      return spec.try === 1 ? 'the delayed work tries' : `the delayed work tries ${spec.try} times`
    case 'free':
      return `the free work of ${spec.free}`
    case 'fork':
      return spec.from === undefined ? `task ${spec.fork} appears` : `task ${spec.from} forks ${spec.fork}`
    case 'exit':
      return `task ${spec.exit} exits`
    case 'sysctl':
      return `sysctl ${spec.sysctl}=${bit(spec.value)}`
    case 'param':
      return `write ${spec.value} to the parameter ${spec.param}`
    case 'look':
      return spec.look
    case 'rmmod':
      return `rmmod ${spec.rmmod}`
    case 'enable':
      return `enable ${spec.enable}`
    case 'disable':
      return `disable ${spec.disable}`
    case 'force':
      return `force ${spec.force}`
    case 'detach':
      return `detach ${spec.detach}`
  }
}

function failing({ step, nth = 1, errno }: NonNullable<Extract<StepSpec, { verb: 'insmod' }>['fail']>) {
  return { step, nth, errno: errnoNumber(errno) }
}

function written(spec: Extract<StepSpec, { verb: 'write' }>, found: TaskConditions): Operation {
  const [patch = '', file = ''] = spec.write.split('/')
  const value = bit(spec.value)
  if (file === 'force') return { op: 'force', patch, value }
  if (file === 'replaceable') return { op: 'write-replaceable', patch, value }
  return { op: 'write-enabled', patch, value, conditions: found }
}

function attached({
  attach,
  to,
  kind = 'kprobe',
  override,
  overrides = false,
  filter
}: Extract<StepSpec, { verb: 'attach' }>): Operation {
  const restriction = filter === undefined ? {} : { filter: String(filter) }
  const base = { op: 'attach', program: attach, kind, symbol: to, ...restriction } as const
  if (override === undefined) return { ...base, overrides }
  return { ...base, overrides: true, overrideValue: String(override) }
}

function forked(spec: Extract<StepSpec, { verb: 'fork' }>, tasks: readonly ScenarioTask[]): Operation {
  if (spec.from === undefined) return { op: 'start-task', pid: spec.fork, comm: spec.comm ?? '' }
  const parent = taskNamed(tasks, spec.from)
  const comm = spec.comm ?? tasks.find((one) => taskKey(one.pid, one.comm) === parent)?.comm ?? ''
  return { op: 'start-task', pid: spec.fork, comm, parent }
}

function conditions(
  { busy = {} }: { busy?: BusyTasks | undefined },
  tasks: readonly ScenarioTask[]
): TaskConditions {
  return new Map(Object.entries(busy).map(([name, found]) => [taskNamed(tasks, name), found]))
}

type BusyTasks = Readonly<Record<string, 'running' | 'unreliable-stack' | 'self'>>

function taskNamed(tasks: readonly ScenarioTask[], name: string | number): number {
  const key = findTask(tasks, name)
  if (key === null) throw new NoSuchTask(`there is no task ${name} just now`)
  return key
}

function texts(values: Readonly<Record<string, unknown>> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(values ?? {}).map(([name, value]) => [name, String(value)]))
}

/** YAML's true and false, as they are written into a file. */
function bit(value: string | number | boolean): string {
  return typeof value === 'boolean' ? String(Number(value)) : String(value)
}
