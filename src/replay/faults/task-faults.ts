import { type Operation, pendingTasks, type TaskConditions, type World } from '../../kernel/index.ts'
import { type KernelState, type TaskState, taskKey } from '../../projections/index.ts'
import { insertedBefore, withoutTask } from './ahead.ts'
import type { Injection, KernelFault, Place, TimedOperation } from './fault.ts'

/** What tasks do that a transition has to wait for. */
export const taskFaults: readonly KernelFault[] = [
  {
    name: 'stalled-task',
    says: 'No try finds the task off its CPU, and it never leaves the kernel.',
    inject: (place) => pendingOrAll(place).map((task) => stalled(place, task))
  },
  {
    name: 'task-asleep',
    says: 'A task is asleep in a function that some patch changes, and wakes behind all that lies ahead.',
    inject: (place) =>
      idlers(place.state).flatMap((task) => changeable(place).map((func) => asleep(place, task, [func])))
  },
  {
    name: 'task-asleep-deeper',
    says: 'A task is asleep in a function that it has called from another one that some patch changes as well.',
    inject: (place) => {
      const functions = changeable(place)
      const pairs = functions.flatMap((outer) =>
        functions.filter((inner) => inner !== outer).map((inner) => [outer, inner])
      )
      return idlers(place.state).flatMap((task) => pairs.map((pair) => asleep(place, task, pair)))
    }
  },
  {
    name: 'fork-in-transition',
    says: 'A task forks while a transition is under way.',
    inject: (place) => {
      if (place.state.transition === null) return []
      const pid = Math.max(0, ...place.state.tasks.keys()) + 1
      return [...place.state.tasks.values()]
        .filter((task) => task.pid !== 0)
        .map(({ pid: parent, comm }) =>
          insertedBefore(place, nameOf({ pid: parent, comm }), { op: 'start-task', pid, comm, parent })
        )
    }
  }
]

/** Whom the transition waits for; where one is about to begin, everybody. */
function pendingOrAll({ state, ahead }: Place): readonly TaskState[] {
  if (state.transition !== null) return pendingTasks(state)
  const op = ahead[0]?.operation.op
  return op === 'insmod' || op === 'write-enabled' ? [...state.tasks.values()] : []
}

function stalled({ ahead }: Place, task: TaskState): Injection {
  const key = taskKey(task.pid, task.comm)
  const busy = withoutTask(ahead, key).map((next) => withCondition(next, key))
  return { variant: nameOf(task), ahead: busy }
}

function withCondition({ operation, uptimeNs }: TimedOperation, task: number): TimedOperation {
  const { op } = operation
  if (op !== 'try' && op !== 'insmod' && op !== 'write-enabled') return { operation, uptimeNs }
  const conditions: TaskConditions = new Map([...(operation.conditions ?? []), [task, 'running']])
  return { operation: { ...operation, conditions }, uptimeNs }
}

interface Callable {
  readonly object: string
  readonly function: string
}

/** The task calls them one out of the other, and returns from them when all the rest has happened. */
function asleep(place: Place, task: TaskState, functions: readonly Callable[]): Injection {
  const key = taskKey(task.pid, task.comm)
  const calls = functions.map((func): Operation => ({ op: 'call', task: key, ...func }))
  const ahead = withoutTask(place.ahead, key)
  const uptimeNs = (ahead.at(-1) ?? place.ahead.at(-1))?.uptimeNs ?? place.state.uptimeNs
  const returns = functions.map((): TimedOperation => ({ operation: { op: 'return', task: key }, uptimeNs }))
  const variant = `${nameOf(task)} in ${functions.map((func) => func.function).join(' > ')}`
  return insertedBefore({ ...place, ahead: [...ahead, ...returns] }, variant, ...calls)
}

/** Tasks that are in no function. */
function idlers(state: KernelState): TaskState[] {
  return [...state.tasks.values()].filter(({ frames }) => frames.length === 0)
}

/** What the patches of the world change in objects that are there, each once, as the world lists them. */
function changeable({ state, world }: { state: KernelState; world: World }): Callable[] {
  const found = new Map<string, Callable>()
  for (const { patch } of world.modules.values()) {
    for (const { name, functions } of patch?.objects ?? []) {
      if (name !== 'vmlinux' && !state.modules.has(name)) continue
      for (const { old } of functions) found.set(`${name}:${old}`, { object: name, function: old })
    }
  }
  return [...found.values()]
}

function nameOf({ pid, comm }: Pick<TaskState, 'pid' | 'comm'>): string {
  return `${comm}:${pid}`
}
