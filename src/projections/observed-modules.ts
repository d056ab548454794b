import type { HistoryEvent } from '../events/index.ts'
import type { Changes } from './changes.ts'
import { moduleGone } from './module-gone.ts'
import type { KernelState } from './state.ts'

/** /proc/modules gives reference counts, and modules that came or went unseen. */
export function observeModules(
  state: KernelState,
  event: HistoryEvent,
  seen: readonly { name: string; refs: number | null; state: string | null }[],
  report: (text: string) => void,
  changes: Changes
): void {
  for (const { name, refs, state: word } of seen) {
    const module = state.modules.get(name)
    if (module !== undefined) module.refs = refs
    else
      state.modules.set(name, {
        livepatch: null,
        state: word === 'Loading' ? 'coming' : 'live',
        refs,
        pinned: false
      })
  }
  const names = new Set(seen.map(({ name }) => name))
  for (const name of [...state.modules.keys()]) {
    if (names.has(name)) continue
    report(`${name} is not in /proc/modules, and no event unloaded it`)
    moduleGone(state, name, event.uptimeNs, changes)
  }
  changes.patches = true
}
