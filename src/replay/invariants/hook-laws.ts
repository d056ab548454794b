import type { HookState, KernelState } from '../../projections/index.ts'
import { functionKey } from '../../projections/index.ts'
import { type Complaint, defineInvariant, everywhere } from './invariant.ts'

/** K5: what a hook hangs on stays where it is. */
export const hookOnMappedText = defineInvariant<{ unloaded: Set<string>; addresses: Map<string, string> }>({
  id: 'K5',
  says: 'A hook keeps its address, and is gone as soon as the module is that it is in.',
  holds: ['hybrid'],
  applies: everywhere,
  reads: ['hook.attached', 'hook.detached', 'module.loaded', 'module.unloaded', 'host.observed'],
  brokenBy: ['links-pin-nothing'],
  start: () => ({ unloaded: new Set(), addresses: new Map() }),
  after: ({ unloaded, addresses }, state, event) => {
    if (event.type === 'module.loaded') unloaded.delete(event.data.module)
    if (event.type === 'module.unloaded') unloaded.add(event.data.module)
    const found: Complaint[] = []
    const attached = new Set(state.hooks.map(({ key }) => key))
    for (const key of addresses.keys()) if (!attached.has(key)) addresses.delete(key)
    for (const { key, address, program } of state.hooks) {
      const was = addresses.get(key)
      if (was !== undefined && address !== null && was !== address)
        found.push({ subject: key, text: `${program} was at ${was}, and is at ${address} now` })
      if (address !== null) addresses.set(key, address)
    }
    return found
  },
  holding: ({ unloaded }, state) =>
    state.hooks
      .filter(({ goneNs, module }) => goneNs === null && module !== null && unloaded.has(module))
      .map(({ key, program, module }) => ({
        subject: key,
        text: `${program} hangs on ${module}, which is not there any more`
      }))
})

/** K7: what may call bpf_override_return(). Only a model knows the error-injection list. */
export const overrideIsListed = defineInvariant<null>({
  id: 'K7',
  says: 'An override is accepted only on the error-injection list, and in hybrid on any livepatch module.',
  holds: everywhere,
  applies: everywhere,
  reads: [],
  brokenBy: ['override-unchecked', 'override-checked-by-name'],
  start: () => null,
  rest: (_memory, state, { operation, ret }, world) => {
    if (operation?.op !== 'attach' || !operation.overrides || ret !== 0) return []
    const hook = state.hooks.findLast((one) => one.program === operation.program)
    if (hook === undefined) return []
    const { module, function: name, kind, program } = hook
    const isListed =
      module === null
        ? world.isErrorInjectable(name ?? '')
        : world.modules.get(module)?.errorInjectable.includes(name ?? '') === true
    const isLivepatch = module !== null && state.modules.get(module)?.livepatch === true && kind === 'kprobe'
    const isSecurityHook = kind === 'fmod_ret' && name?.startsWith('security_') === true
    if (isListed || isSecurityHook || (isLivepatch && world.rules.overridesReplacements)) return []
    return [
      {
        subject: hook.key,
        text: `${program} may override ${module ?? 'vmlinux'}:${name}, which is not listed`
      }
    ]
  }
})

/** K8: both handlers write the instruction pointer, and the ops that were registered first run last (C.2). */
export const overrideBesideLivepatch = defineInvariant<null>({
  id: 'K8',
  says: 'An override of an original function and a livepatch of it are not both there: who wins is an accident.',
  holds: everywhere,
  applies: everywhere,
  reads: [
    'hook.attached',
    'hook.detached',
    'hook.killed',
    'hook.counted',
    'object.patched',
    'object.unpatched',
    'patch.unpatched',
    'patch.replaced',
    'nop.discarded',
    'transition.completed',
    'module.unloaded',
    'host.observed'
  ],
  brokenBy: ['the order of registration (C.2)'],
  start: () => null,
  holding: (_memory, state) => state.hooks.flatMap((hook) => besideLivepatch(state, hook))
})

function besideLivepatch(state: KernelState, hook: HookState): Complaint[] {
  const { key: subject, kind, overrides, goneNs, module, function: name, program } = hook
  if (kind !== 'kprobe' || overrides !== true || goneNs !== null || name === null) return []
  const key = functionKey(module ?? 'vmlinux', name, 1)
  const owner = state.stacks.get(key)?.[0]?.patch
  if (owner === undefined) return []
  const text = state.livepatchFirst.has(key)
    ? `${program} overrides ${name}, which ${owner} patches: the livepatch's ops are older, so the override is lost`
    : `${program} overrides ${name}, which ${owner} patches: the kprobes' ops are older, so the override wins`
  return [{ subject, text }]
}
