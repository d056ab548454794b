import type { Goal } from '../../events/index.ts'
import type { TaskRef } from '../observation.ts'
import { enablePassed, newTransition } from './enable.ts'
import type { Item, Knowledge } from './knowledge.ts'
import type { Teller } from './teller.ts'

type Args = Readonly<Record<string, string>>

/** klp_init_transition(): the enable passed its checks, or a disable was accepted. */
export function transitionInitialised(
  k: Knowledge,
  t: Teller,
  patch: string,
  goal: Goal,
  task: TaskRef | null,
  item: Item
): void {
  if (goal === 'patched') {
    enablePassed(k, t, patch, item, task)
    return
  }
  if (k.transition?.patch === patch && k.transition.goal === 'unpatched') return
  k.transition = newTransition(patch, 'unpatched')
  k.knowsTransition = true
  t.tell('patch.disabled', { patch, actor: t.actor(task, item) }, item)
}

/** klp_start_transition() or its line: told once a goal; the objects are patched by now. */
export function transitionStarted(k: Knowledge, t: Teller, patch: string, goal: Goal, item: Item): void {
  if (k.transition?.patch !== patch) {
    if (k.knowsTransition && k.hasEvery('klp_init_transition', item))
      t.tellHole(`the transition of ${patch} started, and no record shows it begun`, item)
    transitionInitialised(k, t, patch, goal, null, item)
    k.patchedObjects.forget(patch)
  }
  const transition = k.transition
  if (transition === null) return
  if (transition.goal !== goal) transitionReversed(k, t, patch, goal, item, true)
  if (transition.started) return
  transition.started = true
  if (goal === 'patched' && transition.patched.size === 0 && !transition.reversed) {
    for (const object of k.manifests.get(patch)?.objects ?? []) {
      if (object.name === 'vmlinux' || k.modules.has(object.name))
        objectPatched(k, t, patch, object.name, item, true)
    }
  }
  t.tell('transition.started', { patch, goal }, item)
}

/** klp_patch_object() succeeded for an object. */
export function objectPatched(
  k: Knowledge,
  t: Teller,
  patch: string,
  object: string,
  item: Item,
  inferred = false
): void {
  if (k.transition?.patch === patch) k.transition.patched.add(object)
  t.tell('object.patched', { patch, object }, item, inferred)
}

/** klp_reverse_transition(): `goal` is the new one. It starts again afterwards. */
export function transitionReversed(
  k: Knowledge,
  t: Teller,
  patch: string,
  goal: Goal,
  item: Item,
  inferred = false
): void {
  const { transition } = k
  if (transition?.patch !== patch || transition.goal === goal) return
  transition.goal = goal
  transition.started = false
  transition.reversed = true
  transition.forced = false
  t.tell('transition.reversed', { patch, goal }, item, inferred)
}

/** klp_force_transition(): every pending task switches, and who is being removed stays pinned. */
export function transitionForced(k: Knowledge, t: Teller, task: TaskRef | null, item: Item): void {
  const { transition } = k
  if (transition === null || transition.forced) return
  transition.forced = true
  const { patch, goal } = transition
  t.tell('transition.forced', { patch, goal, actor: t.actor(task, item) }, item)
  const replaced = k.replaces(patch) === true ? k.list.filter((name) => isPinned(k, name, patch)) : []
  for (const name of goal === 'unpatched' ? [patch] : replaced)
    t.tell('patch.pinned', { patch: name, by: patch }, item, true)
}

/** Every other patch on klp_patches is pinned, in hybrid too; in replace-set only those of the same set. */
function isPinned(k: Knowledge, name: string, by: string): boolean {
  if (name === by || k.replaced.has(name) || k.toFree.includes(name)) return false
  const setOf = (patch: string) => k.manifests.get(patch)?.replaceSet ?? 0
  return k.policy !== 'replace-set' || setOf(name) === setOf(by)
}

/** klp_cancel_transition(): the enable failed half way, its completion follows at once. */
export function transitionCancelled(k: Knowledge, t: Teller, patch: string, item: Item): void {
  const { transition } = k
  if (transition?.patch !== patch || transition.cancelled) return
  transition.cancelled = true
  transition.goal = 'unpatched'
  t.tell('transition.cancelled', { patch }, item)
}

/** The return of klp_check_and_switch_task(): switched, or why not. The debug line of a failure follows it. */
export function taskTried(
  k: Knowledge,
  t: Teller,
  args: Args,
  by: TaskRef | null,
  item: Item
): BlockedTask | null {
  const task = taskOf(args)
  const { transition } = k
  if (task === null) return null
  if (transition === null) {
    unseenTransition(k, t, task, item)
    return null
  }
  const { patch, goal } = transition
  seeTry(k, t, task, by, item)
  if (args.ret === '0') {
    // In cond_resched(), since 7.x in schedule(), a task checks itself; only the trier tries others.
    const how = by !== null && by.pid === task.pid && by.pid !== k.trier ? 'self' : 'checked'
    t.tell('task.switched', { patch, goal, ...task, how }, item)
    return null
  }
  return { ...task, reason: reasonOf[args.ret ?? ''] ?? 'unknown', function: null, item, by: by?.pid ?? null }
}

/** One task tries another in klp_try_complete_transition() only. */
function seeTry(k: Knowledge, t: Teller, task: TaskRef, by: TaskRef | null, item: Item): void {
  if (k.transition === null || k.transition.tried || by === null || by.pid === task.pid) return
  k.transition.tried = true
  if (!k.hasEvery('klp_try_complete_transition', item)) return
  t.tellHole(`task ${task.pid} was tried by another, and no record shows klp_try_complete_transition()`, item)
}

/** Tasks are tried and switched in a transition only. */
function unseenTransition(k: Knowledge, t: Teller, { pid }: { pid: number }, item: Item): void {
  if (k.knowsTransition) t.tellHole(`task ${pid} was to switch, and no record shows a transition begun`, item)
}

/** klp_update_patch_state(): the task switches itself; `state` is what it leaves. */
export function taskUpdated(k: Knowledge, t: Teller, args: Args, item: Item): void {
  const task = taskOf(args)
  const { transition } = k
  if (task === null || transition === null || args.state === (transition.goal === 'patched' ? '1' : '0'))
    return
  t.tell('task.switched', { patch: transition.patch, goal: transition.goal, ...task, how: 'self' }, item)
}

/** A task that a try could not switch, held until the next line may tell in which function it sleeps. */
export interface BlockedTask {
  readonly pid: number
  readonly comm: string
  readonly reason: 'running' | 'unreliable-stack' | 'sleeping' | 'unknown'
  readonly function: string | null
  readonly item: Item
  /** Who tried: its next record shows that no debug line will follow. Null where the evidence has no task. */
  readonly by: number | null
}

export function taskBlocked(k: Knowledge, t: Teller, blocked: BlockedTask): void {
  if (k.transition === null) return
  const { item, by: _by, ...task } = blocked
  t.tell('task.blocked', { patch: k.transition.patch, goal: k.transition.goal, ...task }, item)
}

/** What klp_try_switch_task() returns, as words: -EBUSY, -EINVAL, -EADDRINUSE. */
const reasonOf: Readonly<Record<string, BlockedTask['reason']>> = {
  '-16': 'running',
  '-22': 'unreliable-stack',
  '-98': 'sleeping'
}

function taskOf(args: Args): { pid: number; comm: string } | null {
  const pid = Number(args.pid)
  return args.pid !== undefined && Number.isSafeInteger(pid) ? { pid, comm: args.comm ?? '' } : null
}
