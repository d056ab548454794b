import { readTranscript, type Transcript } from '../../src/replay/transcript/selftest-ops.ts'

export const coming = '[MODULE_STATE_COMING] Full formed, running module_init'
export const live = '[MODULE_STATE_LIVE] Normal state'
export const going = '[MODULE_STATE_GOING] Going away'

export const insmod = (name: string, ...args: string[]) =>
  [`% insmod test_modules/${name}.ko`, ...args].join(' ')
export const rmmod = (name: string) => `% rmmod ${name}`
export const disable = (name: string) => `% echo 0 > /sys/kernel/livepatch/${name}/enabled`
export const failed = (name: string, text: string) =>
  `insmod: ERROR: could not insert module test_modules/${name}.ko: ${text}`
export const callback = (patch: string, which: string, where: string, state?: string) =>
  `${patch}: ${which}_callback: ${where}${state === undefined ? '' : ` -> ${state}`}`

/** The lines of an enable, up to its start and from its completion on. */
export const begun = (name: string, ...pre: string[]) => [
  `livepatch: enabling patch '${name}'`,
  `livepatch: '${name}': initializing patching transition`,
  ...pre,
  `livepatch: '${name}': starting patching transition`
]
export const ended = (name: string, word: string, ...post: string[]) => [
  `livepatch: '${name}': completing ${word} transition`,
  ...post,
  `livepatch: '${name}': ${word} complete`
]
const enabled = (name: string, pre: string[] = [], post: string[] = []) => [
  ...begun(name, ...pre),
  ...ended(name, 'patching', ...post)
]
export const disabled = (name: string, pre: string[] = [], post: string[] = []) => [
  `livepatch: '${name}': initializing unpatching transition`,
  ...pre,
  `livepatch: '${name}': starting unpatching transition`,
  ...ended(name, 'unpatching', ...post)
]
export const on = (patch: string, ...places: string[]) =>
  enabled(
    patch,
    places.map((place) => callback(patch, 'pre_patch', place)),
    places.map((place) => callback(patch, 'post_patch', place))
  )
export const off = (patch: string, ...places: string[]) =>
  disabled(
    patch,
    places.map((place) => callback(patch, 'pre_unpatch', place)),
    places.map((place) => callback(patch, 'post_unpatch', place))
  )
export const cancelled = (name: string) => [
  `livepatch: failed to enable patch '${name}'`,
  `livepatch: '${name}': canceling patching transition, going to unpatch`,
  ...ended(name, 'unpatching')
]
export const loading = (patch: string, module: string) =>
  `livepatch: applying patch '${patch}' to loading module '${module}'`
export const reverting = (patch: string, module: string) =>
  `livepatch: reverting patch '${patch}' on unloading module '${module}'`

export function transcript(test: string, ops: readonly object[], expected: readonly string[]): Transcript {
  return readTranscript({ test, ops, expected_dmesg: expected.flat() })
}

export const load = (mod: string, ...args: string[]) => ({ op: 'load_lp', mod, args })
export const plug = (mod: string, ...args: string[]) => ({ op: 'load_mod', mod, args })
export const drop = (mod: string) => ({ op: 'disable_lp', mod })
export const unload = (mod: string) => ({ op: 'unload_lp', mod })
export const unplug = (mod: string) => ({ op: 'unload_mod', mod })

export function counted(patch: string, pre: string, post: string): string[] {
  return enabled(
    patch,
    [callback(patch, 'pre_patch', 'vmlinux'), `${patch}: ${pre}`],
    [callback(patch, 'post_patch', 'vmlinux'), `${patch}: ${post}`]
  )
}

export function order(mod: string, place: number) {
  return { op: 'check_sysfs_value', mod, attr: 'stack_order', expect: String(place) }
}
