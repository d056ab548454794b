import type { HistoryEvent } from '../events/index.ts'
import { Changes } from './changes.ts'
import { evolveDamage } from './damage.ts'
import { evolveHook } from './evolve-hook.ts'
import { evolveHost } from './evolve-host.ts'
import { callbackRan, evolvePatch } from './evolve-patch.ts'
import { evolveTask } from './evolve-task.ts'
import { evolveTransition } from './evolve-transition.ts'
import type { KernelState } from './state.ts'

/**
 * What an event means: changes the state in place, and notes in `changes` what a reader should look at.
 * Observed events and the kernel model's own go through it alike. An event that is older than the state
 * is evidence that came too late: it is counted and changes nothing else.
 */
export function evolve(state: KernelState, event: HistoryEvent, changes: Changes): void {
  if (event.uptimeNs < state.uptimeNs) {
    state.lateEvents += 1
    state.position = event.position
    return
  }
  state.position = event.position
  state.uptimeNs = event.uptimeNs
  apply(state, event, changes)
}

/** Each family of events has its own file; what only tells of tries and prints changes nothing. */
function apply(state: KernelState, event: HistoryEvent, changes: Changes): void {
  switch (event.type) {
    case 'task.switched':
    case 'task.blocked':
    case 'transition.started':
    case 'transition.tried':
    case 'transition.completed':
    case 'transition.reversed':
    case 'transition.forced':
    case 'transition.signaled':
    case 'transition.cancelled':
      evolveTransition(state, event, changes)
      return
    case 'patch.enabled':
    case 'patch.replaced':
    case 'patch.unpatched':
    case 'patch.freed':
    case 'patch.disabled':
    case 'patch.marked':
    case 'patch.pinned':
    case 'object.patched':
    case 'object.unpatched':
    case 'nop.added':
    case 'nop.discarded':
      state.changedNs = event.uptimeNs
      evolvePatch(state, event, changes)
      return
    case 'callback.ran':
      callbackRan(state, event.data)
      return
    case 'hook.attached':
    case 'hook.detached':
    case 'hook.killed':
      state.changedNs = event.uptimeNs
      evolveHook(state, event, changes)
      return
    case 'hook.counted':
      evolveHook(state, event, changes)
      return
    case 'host.booted':
    case 'host.observed':
    case 'evidence.lost':
    case 'module.loaded':
    case 'module.going':
    case 'module.unloaded':
      evolveHost(state, event, changes)
      return
    case 'setting.changed':
      state.settings.set(event.data.name, event.data.value)
      return
    case 'task.started':
    case 'task.exited':
    case 'call.entered':
    case 'call.returned':
      evolveTask(state, event)
      return
    case 'damage.done':
    case 'damage.undone':
      evolveDamage(state, event)
      return
    case 'patch.rejected':
    case 'hook.rejected':
    case 'kernel.printed':
    case 'command.ran':
      // They tell what was tried or printed; no state of the kernel follows from them.
      return
    default:
      event satisfies never
  }
}

/** Folds a history into a state: the plain meaning of a log. */
export function fold(state: KernelState, events: Iterable<HistoryEvent>): KernelState {
  const changes = new Changes()
  for (const event of events) evolve(state, event, changes)
  return state
}
