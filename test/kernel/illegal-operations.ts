import type { Operation, World } from '../../src/kernel/index.ts'
import type { KernelState } from '../../src/projections/index.ts'

/** Operations that any kernel in this state refuses. */
export function illegalOperations(state: KernelState, world: World): Operation[] {
  return [
    { op: 'insmod', module: 'nothing' },
    { op: 'rmmod', module: 'nothing' },
    { op: 'write-enabled', patch: 'nothing', value: '0' },
    { op: 'force', patch: 'nothing', value: '1' },
    { op: 'free', patch: 'nothing' },
    { op: 'start-task', pid: 900, comm: 'orphan', parent: 899 },
    { op: 'exit-task', task: 899 },
    { op: 'switch', task: 899 },
    { op: 'return', task: 899 },
    { op: 'call', task: 899, object: 'vmlinux', function: 'f0' },
    { op: 'attach', program: 'lost', kind: 'kprobe', symbol: 'nothing:f0', overrides: false },
    { op: 'attach', program: 'lost', kind: 'kprobe', symbol: 'f0', overrides: true },
    { op: 'attach', program: 'lost', kind: 'fmod_ret', symbol: 'f0', overrides: true },
    { op: 'detach', program: 'nothing' },
    { op: 'set-param', module: 'nothing', param: 'ret', value: '0' },
    { op: 'sysctl', name: 'kernel.ftrace_enabled', value: 'off' },
    ...ofModules(state, world),
    ...state.patches.flatMap((patch) => ofPatch(state, world, patch)),
    ...ofTasks(state)
  ]
}

function ofModules(state: KernelState, world: World): Operation[] {
  const operations: Operation[] = []
  for (const [module, spec] of world.modules) {
    const isLoaded = state.modules.has(module)
    const isRefused = spec.patch !== null && state.transition !== null
    if (isLoaded || isRefused) operations.push({ op: 'insmod', module })
    if (isLoaded) continue
    operations.push({ op: 'rmmod', module }, { op: 'set-param', module, param: 'ret', value: '0' })
    for (const task of state.tasks.keys()) {
      if (module === 'mod') operations.push({ op: 'call', task, object: 'mod', function: 'm0' })
    }
  }
  if (state.stacks.size > 0) operations.push({ op: 'sysctl', name: 'kernel.ftrace_enabled', value: '0' })
  return operations
}

function ofPatch(state: KernelState, world: World, patch: KernelState['patches'][number]): Operation[] {
  const { name, enabled, offList, replaceable } = patch
  const isInTransition = state.transition?.patch === name
  const operations: Operation[] = [
    { op: 'rmmod', module: name },
    { op: 'write-enabled', patch: name, value: enabled ? '1' : '0' },
    { op: 'write-enabled', patch: name, value: 'perhaps' },
    { op: 'force', patch: name, value: '' }
  ]
  if (!isInTransition) operations.push({ op: 'force', patch: name, value: '1' })
  if (offList) operations.push({ op: 'write-enabled', patch: name, value: '1' })
  else operations.push({ op: 'free', patch: name })
  if (state.transition !== null && !isInTransition) {
    operations.push({ op: 'write-enabled', patch: name, value: enabled ? '0' : '1' })
  }
  if (world.rules.flag !== 'replaceable')
    operations.push({ op: 'write-replaceable', patch: name, value: '1' })
  else if (isInTransition)
    operations.push({ op: 'write-replaceable', patch: name, value: replaceable === true ? '0' : '1' })
  return operations
}

function ofTasks(state: KernelState): Operation[] {
  return [...state.tasks].flatMap(([task, { pid, comm, frames }]): Operation[] => [
    { op: 'start-task', pid, comm },
    ...(frames.length === 0 ? [{ op: 'return', task } as const] : [])
  ])
}
