import { findPatch, hookView } from '../../projections/index.ts'
import { defineInvariant, everywhere } from './invariant.ts'

/** S15: the kernel never says that a hook's own function has been covered by another patch's. */
export const shadowing = defineInvariant({
  id: 'S15',
  says: 'No entry lies over the function that an attached program hangs on.',
  holds: ['hybrid'],
  applies: everywhere,
  reads: [
    'object.patched',
    'object.unpatched',
    'patch.unpatched',
    'patch.replaced',
    'patch.freed',
    'nop.added',
    'nop.discarded',
    'transition.completed',
    'hook.attached',
    'hook.detached',
    'hook.killed',
    'module.unloaded',
    'host.observed'
  ],
  brokenBy: ['RFC 4/4 (E.6 S2)'],
  start: () => null,
  holding: (_memory, state) =>
    state.hooks.flatMap((hook) => {
      // An override that is lost on an original function has nothing over it; K8 is about those.
      if (findPatch(state, hook.module ?? '') === undefined) return []
      const { status, reason } = hookView(state, hook)
      return status === 'shadowed'
        ? [{ subject: hook.key, text: `${hook.program}: ${reason ?? status}` }]
        : []
    })
})
