import type { Changes } from './changes.ts'
import { killProbesOf } from './evolve-hook.ts'
import { removeFromStacks } from './stack.ts'
import type { KernelState } from './state.ts'

/** The module's memory is released, its kprobes are dead and nothing in it is patched. */
export function moduleGone(state: KernelState, module: string, uptimeNs: bigint, changes: Changes): void {
  state.modules.delete(module)
  killProbesOf(state, module, uptimeNs, changes)
  unpatchModule(state, module, changes)
}

/** klp_module_going() reverts every patch on the module; where no probe showed it, the module's end does. */
function unpatchModule(state: KernelState, module: string, changes: Changes): void {
  for (const patch of state.patches) {
    for (const object of patch.objects) {
      if (object.name !== module) continue
      // klp_post_unpatch_callback() has been, with or without a callback to call.
      object.postUnpatchDue = false
      if (!object.patched) continue
      removeFromStacks(state, patch, object, () => true, changes)
      object.patched = false
    }
  }
}
