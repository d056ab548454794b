import type { Fact } from '../events/index.ts'
import { copyState, findPatch, isDamaged, type KernelState } from '../projections/index.ts'
import { Act, EDEADLK, ENOENT, type Observer } from './act.ts'
import { hasBug } from './bugs.ts'
import { attachHook, detachHook } from './hook-attach.ts'
import { insmod, rmmod } from './module-loader.ts'
import type { Operation } from './operation.ts'
import { replaceableStore, setParam, setSysctl } from './settings.ts'
import { enabledStore, forceStore } from './sysfs-store.ts'
import { enterCall, exitTask, returnCall, startTask, switchTask } from './task-life.ts'
import { tryCompleteTransition } from './transition.ts'
import type { World } from './world.ts'

/** What an operation came to: the facts in the order in which they became true, and 0 or a negative errno. */
export interface Outcome {
  readonly facts: readonly Fact[]
  readonly ret: number
}

/**
 * What a kernel under these rules would do: performs the operation on the state, in place, at `uptimeNs`.
 * Every change goes through `evolve`, so the facts alone give the same state again. An observer sees each of them.
 */
export function perform(
  state: KernelState,
  operation: Operation,
  world: World,
  uptimeNs: bigint,
  observer: Observer | null = null
): Outcome {
  const act = new Act(state, world, uptimeNs, operation, observer)
  const ret = isHung(state, operation) ? -EDEADLK : dispatch(act, operation)
  return { facts: act.facts, ret }
}

/** As `perform`, leaving the given state as it is. */
export function decide(state: KernelState, operation: Operation, world: World, uptimeNs: bigint): Outcome {
  return perform(copyState(state), operation, world, uptimeNs)
}

function dispatch(act: Act, operation: Operation): number {
  switch (operation.op) {
    case 'insmod':
      return insmod(act, operation.module, operation.params ?? {})
    case 'rmmod':
      return rmmod(act, operation.module)
    case 'write-enabled':
      return enabledStore(act, operation.patch, operation.value)
    case 'force':
      return forceStore(act, operation.patch, operation.value)
    case 'write-replaceable':
      return replaceableStore(act, operation.patch, operation.value)
    case 'try':
      tryCompleteTransition(act)
      return 0
    case 'switch':
      return switchTask(act, operation.task)
    case 'free':
      return freePatchWork(act, operation.patch)
    case 'start-task':
      return startTask(act, operation.pid, operation.comm, operation.parent ?? null)
    case 'exit-task':
      return exitTask(act, operation.task)
    case 'call':
      return enterCall(act, operation.task, operation.object, operation.function)
    case 'return':
      return returnCall(act, operation.task)
    case 'attach':
      return attachHook(act, operation)
    case 'detach':
      return detachHook(act, operation.program)
    case 'set-param':
      return setParam(act, operation.module, operation.param, operation.value)
    case 'sysctl':
      return setSysctl(act, operation.name, operation.value)
  }
}

/** klp_free_patch_work_fn(): for a patch that is off the list. */
function freePatchWork(act: Act, name: string): number {
  const patch = findPatch(act.state, name)
  if (patch === undefined || !patch.offList) return -ENOENT
  if (patch.replacedBy !== null && hasBug(act.world, 'free-missing')) return -ENOENT
  act.tell('patch.freed', { patch: name })
  if (hasBug(act.world, 'free-twice')) act.tell('patch.freed', { patch: name })
  if (hasBug(act.world, 'directory-kept')) act.tell('damage.done', { kind: 'sysfs-directory', subject: name })
  return 0
}

/**
 * Whether the operation waits for a klp_mutex that nobody unlocks any more. It never returns; EDEADLK stands for
 * that, which no kernel gives here.
 */
function isHung(state: KernelState, { op }: Operation): boolean {
  return isDamaged(state, 'mutex', 'klp_mutex') && wantsMutex.has(op)
}

const wantsMutex: ReadonlySet<Operation['op']> = new Set<Operation['op']>([
  'insmod',
  'rmmod',
  'write-enabled',
  'write-replaceable',
  'force',
  'try'
])
