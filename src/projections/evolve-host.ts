import type { HistoryEvent } from '../events/index.ts'
import type { Changes } from './changes.ts'
import { doubt } from './doubt.ts'
import { moduleGone } from './module-gone.ts'
import { evolveObserved } from './observed.ts'
import type { KernelState } from './state.ts'

type HostEvent = Extract<
  HistoryEvent,
  { type: 'host.booted' | 'host.observed' | 'evidence.lost' | `module.${string}` }
>

/** The machine, its modules, and what is known about the evidence itself. */
export function evolveHost(state: KernelState, event: HostEvent, changes: Changes): void {
  switch (event.type) {
    case 'host.booted':
      state.policy = event.data.policy ?? state.policy
      state.release = event.data.release ?? state.release
      state.hasStackOrder = event.data.hasStackOrder ?? hasStackOrder(state)
      state.otherKprobes ||= event.data.kprobeTracer
      return
    case 'host.observed':
      evolveObserved(state, event, changes)
      return
    case 'evidence.lost': {
      const { count, reason } = event.data
      // A snapshot that was read across it proves as little as one that was read across a change.
      state.changedNs = event.uptimeNs
      doubt(state, event, `${count ?? 'an unknown number of'} records were lost: ${reason}`, changes)
      return
    }
    case 'module.loaded':
      state.changedNs = event.uptimeNs
      // What hangs on it may turn out to hang on a livepatch.
      changes.hooks ||= state.hooks.some((hook) => hook.module === event.data.module)
      state.modules.set(event.data.module, {
        livepatch: event.data.livepatch,
        state: 'live',
        refs: null,
        pinned: false
      })
      return
    case 'module.going': {
      state.changedNs = event.uptimeNs
      const module = state.modules.get(event.data.module)
      if (module !== undefined) module.state = 'going'
      return
    }
    case 'module.unloaded':
      state.changedNs = event.uptimeNs
      moduleGone(state, event.data.module, event.uptimeNs, changes)
      return
  }
}

/** `stack_order` came with 6.14; the RFC's kernel is younger than that, replace-set took it away. */
function hasStackOrder(state: KernelState): boolean | null {
  if (state.policy === 'replace-set') return false
  if (state.policy === 'hybrid') return true
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(state.release ?? '') ?? []
  if (major === undefined || minor === undefined) return null
  return Number(major) > 6 || (Number(major) === 6 && Number(minor) >= 14)
}
