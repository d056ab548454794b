import type { World } from '../../kernel/index.ts'
import { type KernelState, ORIGINAL, stackView, versionAt } from '../../projections/index.ts'
import type { SelftestModules } from './selftest-modules.ts'

/** A file of the simulated kernel, as a script names it. */
export type SimulatedFile =
  | { readonly kind: 'livepatch'; readonly patch: string; readonly attribute: string }
  | { readonly kind: 'parameter'; readonly module: string; readonly param: string }
  | { readonly kind: 'sysctl'; readonly name: string }
  | { readonly kind: 'kmsg' }
  /** Something that the model knows nothing about. */
  | { readonly kind: 'other' }

/** What a path of sysfs, of /proc/sys, or /dev/kmsg is about. */
export function fileAt(path: string): SimulatedFile {
  const [, patch, attribute] = /^\/sys\/kernel\/livepatch\/([^/]+)\/(.+)$/.exec(path) ?? []
  if (patch !== undefined && attribute !== undefined) return { kind: 'livepatch', patch, attribute }
  const [, module, param] = /^\/sys\/module\/([^/]+)\/parameters\/([^/]+)$/.exec(path) ?? []
  if (module !== undefined && param !== undefined) return { kind: 'parameter', module, param }
  const [, sysctl] = /^\/proc\/sys\/(.+)$/.exec(path) ?? []
  if (sysctl !== undefined) return { kind: 'sysctl', name: sysctl.replaceAll('/', '.') }
  return path === '/dev/kmsg' ? { kind: 'kmsg' } : { kind: 'other' }
}

/** An attribute under /sys/kernel/livepatch; null where there is none. */
export function readAttribute(state: KernelState, path: string, attribute: string): string | null {
  const [name = '', ...inside] = [...path.split('/'), ...attribute.split('/')].filter((part) => part !== '')
  const patch = stackView('', state).patches.find((one) => one.name === name)
  if (patch === undefined) return null
  const [first = '', second] = inside
  if (second === 'patched') {
    const object = patch.objects.find((one) => one.name === first)
    return object === undefined ? null : String(Number(object.patched))
  }
  const values: Record<string, number | boolean | null> = {
    enabled: patch.enabled,
    transition: patch.transition,
    replace: patch.replace,
    replaceable: patch.replaceable,
    replace_set: patch.replaceSet,
    stack_order: patch.stackOrder
  }
  const value = values[first] ?? null
  return value === null ? null : String(Number(value))
}

/** Whether sysfs has the attribute; a patch's own directory is one, and so is `force`, which nobody can read. */
export function hasAttribute(state: KernelState, path: string, attribute: string): boolean {
  if (attribute !== '' && attribute !== 'force') return readAttribute(state, path, attribute) !== null
  return state.patches.some(({ name }) => name === path)
}

/** The mode of an attribute, or of a patch's directory, as `ls` prints it. */
export function rightsOf(attribute: string): string {
  if (attribute === '') return 'drwxr-xr-x'
  const file = attribute.slice(attribute.lastIndexOf('/') + 1)
  if (file === 'enabled' || file === 'replaceable') return '-rw-r--r--'
  return file === 'force' ? '--w-------' : '-r--r--r--'
}

/** What reading a /proc file gives, and the function that gave it. */
export interface ProcRead {
  readonly text: string
  readonly ran: string
}

/** What a /proc file prints: the patched function's words, or the original's. */
export function readProc(
  state: KernelState,
  { specs, outputs, procFiles }: SelftestModules,
  file: string
): ProcRead {
  const name = procFiles.get(file) ?? ''
  for (const [key, [top]] of state.stacks) {
    if (!key.endsWith(`:${name},1`)) continue
    const version = versionAt(state, key, 1)
    if (version !== ORIGINAL) return { text: outputs.get(version) ?? '', ran: top?.newName ?? name }
  }
  for (const [module, spec] of specs) {
    if (spec.functions.includes(name) && state.modules.has(module)) {
      return { text: outputs.get(module) ?? '', ran: name }
    }
  }
  return { text: 'original', ran: name }
}

/** The state of a machine that has just booted with this kernel. */
export function bootedState(state: KernelState, { rules, traits }: World): KernelState {
  state.policy = rules.name
  state.release = traits.release
  state.hasStackOrder = traits.hasStackOrder && rules.name !== 'replace-set'
  return state
}
