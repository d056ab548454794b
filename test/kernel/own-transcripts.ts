import { readSelftestModules } from '../../src/replay/transcript/selftest-modules.ts'
import { readTranscript, type Transcript } from '../../src/replay/transcript/selftest-ops.ts'

const allCallbacks = ['pre_patch', 'post_patch', 'pre_unpatch', 'post_unpatch']

function object(name: string | null, funcs: readonly string[] = [], callbacks = allCallbacks) {
  return { name, funcs: funcs.map((old) => [old, `new_${old}`]), callbacks }
}

function counter(version: number) {
  return {
    livepatch: true,
    replace: true,
    states: [{ id: 1, version }],
    objects: [object(null)],
    cb_extra: {
      pre_patch: 'making room',
      post_patch: 'counting',
      pre_unpatch: 'no longer counting',
      post_unpatch: 'leaving room'
    },
    cb_extra_if_prev_state: { pre_patch: 'room is there', post_patch: 'counting on' }
  }
}

/** Modules for the cases below, in the shape of the selftests' own description. */
export const ownModules = readSelftestModules({
  _note: 'made for these tests',
  _proc_files: { '/proc/tea': 'tea_show', '/proc/kettle': 'kettle_show' },
  lp_three: {
    livepatch: true,
    params: { pre_patch_ret: 0 },
    pre_patch_returns: 'param:pre_patch_ret',
    objects: [object(null), object('kettle'), object('slow', ['slow_work'])]
  },
  lp_all: { livepatch: true, params: { replace: 0 }, replace: 'param:replace', objects: [object(null)] },
  lp_tea: { livepatch: true, objects: [object(null, ['tea_show'], [])], output: '{mod}: green' },
  lp_sugar: { livepatch: true, objects: [object(null, ['sugar_show'], [])] },
  lp_kettle: { livepatch: true, objects: [object('kettle', ['kettle_show'], [])], output: '{mod}: hot' },
  lp_count1: counter(1),
  lp_count2: counter(2),
  lp_count2b: counter(2),
  kettle: {
    livepatch: false,
    functions: ['kettle_show'],
    init: ['kettle: on'],
    exit: ['kettle: off'],
    output: 'cold'
  },
  slow: {
    livepatch: false,
    params: { block_transition: 'N' },
    functions: ['slow_work'],
    init: ['slow: on', 'slow: begins'],
    init_if_not_blocking: ['slow: ends'],
    exit_if_blocking: ['slow: ends'],
    exit: ['slow: off']
  },
  prober: { livepatch: false, params: { has_post_handler: 'y' }, kprobe: 'tea_show' },
  tester: { livepatch: false, init: 'its own lines' }
})

const coming = '[MODULE_STATE_COMING] Full formed, running module_init'
const live = '[MODULE_STATE_LIVE] Normal state'
const going = '[MODULE_STATE_GOING] Going away'

const insmod = (name: string, ...args: string[]) => [`% insmod test_modules/${name}.ko`, ...args].join(' ')
const rmmod = (name: string) => `% rmmod ${name}`
const disable = (name: string) => `% echo 0 > /sys/kernel/livepatch/${name}/enabled`
const failed = (name: string, text: string) =>
  `insmod: ERROR: could not insert module test_modules/${name}.ko: ${text}`
const callback = (patch: string, which: string, where: string, state?: string) =>
  `${patch}: ${which}_callback: ${where}${state === undefined ? '' : ` -> ${state}`}`

/** The lines of an enable, up to its start and from its completion on. */
const begun = (name: string, ...pre: string[]) => [
  `livepatch: enabling patch '${name}'`,
  `livepatch: '${name}': initializing patching transition`,
  ...pre,
  `livepatch: '${name}': starting patching transition`
]
const ended = (name: string, word: string, ...post: string[]) => [
  `livepatch: '${name}': completing ${word} transition`,
  ...post,
  `livepatch: '${name}': ${word} complete`
]
const enabled = (name: string, pre: string[] = [], post: string[] = []) => [
  ...begun(name, ...pre),
  ...ended(name, 'patching', ...post)
]
const disabled = (name: string, pre: string[] = [], post: string[] = []) => [
  `livepatch: '${name}': initializing unpatching transition`,
  ...pre,
  `livepatch: '${name}': starting unpatching transition`,
  ...ended(name, 'unpatching', ...post)
]
const on = (patch: string, ...places: string[]) =>
  enabled(
    patch,
    places.map((place) => callback(patch, 'pre_patch', place)),
    places.map((place) => callback(patch, 'post_patch', place))
  )
const off = (patch: string, ...places: string[]) =>
  disabled(
    patch,
    places.map((place) => callback(patch, 'pre_unpatch', place)),
    places.map((place) => callback(patch, 'post_unpatch', place))
  )
const cancelled = (name: string) => [
  `livepatch: failed to enable patch '${name}'`,
  `livepatch: '${name}': canceling patching transition, going to unpatch`,
  ...ended(name, 'unpatching')
]
const loading = (patch: string, module: string) =>
  `livepatch: applying patch '${patch}' to loading module '${module}'`
const reverting = (patch: string, module: string) =>
  `livepatch: reverting patch '${patch}' on unloading module '${module}'`

function transcript(test: string, ops: readonly object[], expected: readonly string[]): Transcript {
  return readTranscript({ test, ops, expected_dmesg: expected.flat() })
}

const load = (mod: string, ...args: string[]) => ({ op: 'load_lp', mod, args })
const plug = (mod: string, ...args: string[]) => ({ op: 'load_mod', mod, args })
const drop = (mod: string) => ({ op: 'disable_lp', mod })
const unload = (mod: string) => ({ op: 'unload_lp', mod })
const unplug = (mod: string) => ({ op: 'unload_mod', mod })

/** What the kernel's selftests also ask, where its transcripts are not at hand: from the semantics, in own words. */
export const ownTranscripts: readonly Transcript[] = [
  transcript(
    'a target module that comes and goes under a patch',
    [load('lp_three'), plug('kettle'), unplug('kettle'), drop('lp_three'), unload('lp_three')],
    [
      insmod('lp_three'),
      ...on('lp_three', 'vmlinux'),
      insmod('kettle'),
      loading('lp_three', 'kettle'),
      callback('lp_three', 'pre_patch', 'kettle', coming),
      callback('lp_three', 'post_patch', 'kettle', coming),
      'kettle: on',
      rmmod('kettle'),
      'kettle: off',
      callback('lp_three', 'pre_unpatch', 'kettle', going),
      reverting('lp_three', 'kettle'),
      callback('lp_three', 'post_unpatch', 'kettle', going),
      disable('lp_three'),
      ...off('lp_three', 'vmlinux'),
      rmmod('lp_three')
    ]
  ),
  transcript(
    'a target module that the patch refuses: its load fails, the patch stays',
    [
      load('lp_three'),
      { op: 'set_pre_patch_ret', mod: 'lp_three', value: -19 },
      { op: 'load_failing_mod', mod: 'kettle', args: [] },
      drop('lp_three'),
      unload('lp_three')
    ],
    [
      insmod('lp_three'),
      ...on('lp_three', 'vmlinux'),
      '% echo -19 > /sys/module/lp_three/parameters/pre_patch_ret',
      insmod('kettle'),
      loading('lp_three', 'kettle'),
      callback('lp_three', 'pre_patch', 'kettle', coming),
      "livepatch: pre-patch callback failed for object 'kettle'",
      "livepatch: patch 'lp_three' failed for module 'kettle', refusing to load module 'kettle'",
      failed('kettle', 'No such device'),
      disable('lp_three'),
      ...off('lp_three', 'vmlinux'),
      rmmod('lp_three')
    ]
  ),
  transcript(
    'a busy target: a module joins and leaves the stuck transition, which is then reversed',
    [
      plug('slow', 'block_transition=Y'),
      { op: 'load_lp_nowait', mod: 'lp_three', args: [] },
      { op: 'wait_sysfs', path: '/sys/kernel/livepatch/lp_three/transition', value: '1' },
      plug('kettle'),
      unplug('kettle'),
      drop('lp_three'),
      unload('lp_three'),
      unplug('slow')
    ],
    [
      insmod('slow', 'block_transition=Y'),
      'slow: on',
      'slow: begins',
      insmod('lp_three'),
      ...begun(
        'lp_three',
        callback('lp_three', 'pre_patch', 'vmlinux'),
        callback('lp_three', 'pre_patch', 'slow', live)
      ),
      insmod('kettle'),
      loading('lp_three', 'kettle'),
      callback('lp_three', 'pre_patch', 'kettle', coming),
      'kettle: on',
      rmmod('kettle'),
      'kettle: off',
      reverting('lp_three', 'kettle'),
      callback('lp_three', 'post_unpatch', 'kettle', going),
      disable('lp_three'),
      "livepatch: 'lp_three': reversing transition from patching to unpatching",
      "livepatch: 'lp_three': starting unpatching transition",
      ...ended(
        'lp_three',
        'unpatching',
        callback('lp_three', 'post_unpatch', 'vmlinux'),
        callback('lp_three', 'post_unpatch', 'slow', live)
      ),
      rmmod('lp_three'),
      rmmod('slow'),
      'slow: ends',
      'slow: off'
    ]
  ),
  transcript(
    'a replaced patch runs no callback',
    [load('lp_three'), load('lp_all', 'replace=1'), drop('lp_all'), unload('lp_all'), unload('lp_three')],
    [
      insmod('lp_three'),
      ...on('lp_three', 'vmlinux'),
      insmod('lp_all', 'replace=1'),
      ...on('lp_all', 'vmlinux'),
      disable('lp_all'),
      ...off('lp_all', 'vmlinux'),
      rmmod('lp_all'),
      rmmod('lp_three')
    ]
  ),
  transcript(
    'an atomic replace of several: one is left, the others can be unloaded',
    [
      load('lp_tea'),
      load('lp_sugar'),
      load('lp_three'),
      { op: 'assert_klp_dir_count', n: 3 },
      load('lp_all', 'replace=1'),
      { op: 'wait_klp_dir_count', count: 1 },
      { op: 'fail_if_read', file: '/proc/tea', cmp: '==', value: 'lp_tea: green' },
      { op: 'grep_to_kmsg', pattern: 'green', file: '/proc/tea' },
      ...['lp_three', 'lp_sugar', 'lp_tea'].map(unload),
      drop('lp_all'),
      unload('lp_all')
    ],
    [
      insmod('lp_tea'),
      ...on('lp_tea'),
      insmod('lp_sugar'),
      ...on('lp_sugar'),
      insmod('lp_three'),
      ...on('lp_three', 'vmlinux'),
      insmod('lp_all', 'replace=1'),
      ...on('lp_all', 'vmlinux'),
      ...['lp_three', 'lp_sugar', 'lp_tea'].map(rmmod),
      disable('lp_all'),
      ...off('lp_all', 'vmlinux'),
      rmmod('lp_all')
    ]
  ),
  transcript(
    'a patch before its target: in force from the first call, and again after a reload',
    [
      load('lp_kettle'),
      ...[1, 2].flatMap(() => [
        plug('kettle'),
        { op: 'fail_if_read', file: '/proc/kettle', cmp: '!=', value: 'lp_kettle: hot' },
        unplug('kettle')
      ]),
      plug('kettle'),
      drop('lp_kettle'),
      unload('lp_kettle'),
      { op: 'fail_if_read', file: '/proc/kettle', cmp: '!=', value: 'cold' },
      unplug('kettle')
    ],
    [
      insmod('lp_kettle'),
      ...on('lp_kettle'),
      ...[1, 2].flatMap(() => [
        insmod('kettle'),
        loading('lp_kettle', 'kettle'),
        'kettle: on',
        rmmod('kettle'),
        'kettle: off',
        reverting('lp_kettle', 'kettle')
      ]),
      insmod('kettle'),
      loading('lp_kettle', 'kettle'),
      'kettle: on',
      disable('lp_kettle'),
      ...off('lp_kettle'),
      rmmod('lp_kettle'),
      rmmod('kettle'),
      'kettle: off'
    ]
  ),
  transcript(
    'a state goes to an equal version, and back again',
    [
      load('lp_count2'),
      load('lp_count2b'),
      unload('lp_count2'),
      load('lp_count2'),
      unload('lp_count2b'),
      { op: 'load_failing_mod', mod: 'lp_count1', args: [] },
      drop('lp_count2'),
      unload('lp_count2')
    ],
    [
      insmod('lp_count2'),
      ...counted('lp_count2', 'making room', 'counting'),
      insmod('lp_count2b'),
      ...counted('lp_count2b', 'room is there', 'counting on'),
      rmmod('lp_count2'),
      insmod('lp_count2'),
      ...counted('lp_count2', 'room is there', 'counting on'),
      rmmod('lp_count2b'),
      insmod('lp_count1'),
      'livepatch: Livepatch patch (lp_count1) is not compatible with the already installed livepatches.',
      failed('lp_count1', 'Invalid parameters'),
      disable('lp_count2'),
      ...disabled(
        'lp_count2',
        [callback('lp_count2', 'pre_unpatch', 'vmlinux'), 'lp_count2: no longer counting'],
        [callback('lp_count2', 'post_unpatch', 'vmlinux'), 'lp_count2: leaving room']
      ),
      rmmod('lp_count2')
    ]
  ),
  transcript(
    'a kprobe with a post_handler keeps a livepatch out',
    [
      { op: 'write', path: '/sys/kernel/debug/kprobes/enabled', value: '1' },
      plug('prober', 'has_post_handler=true'),
      { op: 'load_failing_mod', mod: 'lp_tea', args: [] },
      unplug('prober'),
      load('lp_tea'),
      drop('lp_tea'),
      unload('lp_tea')
    ],
    [
      insmod('prober', 'has_post_handler=true'),
      insmod('lp_tea'),
      "livepatch: enabling patch 'lp_tea'",
      "livepatch: 'lp_tea': initializing patching transition",
      "livepatch: failed to register ftrace handler for function 'tea_show' (-16)",
      "livepatch: failed to patch object 'vmlinux'",
      ...cancelled('lp_tea'),
      failed('lp_tea', 'Device or resource busy'),
      rmmod('prober'),
      insmod('lp_tea'),
      ...on('lp_tea'),
      disable('lp_tea'),
      ...off('lp_tea'),
      rmmod('lp_tea')
    ]
  ),
  transcript(
    'the places in the stack close up when the middle one goes',
    [
      ...['lp_tea', 'lp_sugar', 'lp_all'].flatMap((mod, n) => [load(mod), order(mod, n + 1)]),
      drop('lp_sugar'),
      unload('lp_sugar'),
      order('lp_tea', 1),
      order('lp_all', 2),
      ...['lp_all', 'lp_tea'].flatMap((mod) => [drop(mod), unload(mod)])
    ],
    [
      insmod('lp_tea'),
      ...on('lp_tea'),
      insmod('lp_sugar'),
      ...on('lp_sugar'),
      insmod('lp_all'),
      ...on('lp_all', 'vmlinux'),
      disable('lp_sugar'),
      ...off('lp_sugar'),
      rmmod('lp_sugar'),
      disable('lp_all'),
      ...off('lp_all', 'vmlinux'),
      rmmod('lp_all'),
      disable('lp_tea'),
      ...off('lp_tea'),
      rmmod('lp_tea')
    ]
  ),
  transcript(
    'ftrace can be off before a livepatch, and not after it',
    [
      { op: 'set_ftrace_enabled', value: 0 },
      { op: 'load_failing_mod', mod: 'lp_tea' },
      { op: 'set_ftrace_enabled', value: 1 },
      { op: 'load_lp_nowait', mod: 'lp_tea' },
      { op: 'wait_sysfs', mod: 'lp_tea', attr: 'transition', expect: 0 },
      { op: 'trace_function', func: 'new_tea_show' },
      { op: 'log_if_read', file: '/proc/tea', cmp: '==', value: 'lp_tea: green', msg: 'tea is green' },
      { op: 'check_traced_functions', funcs: ['new_tea_show'] },
      { op: 'set_ftrace_enabled', value: 0, may_fail: true },
      drop('lp_tea'),
      unload('lp_tea')
    ],
    [
      'livepatch: kernel.ftrace_enabled = 0',
      insmod('lp_tea'),
      "livepatch: enabling patch 'lp_tea'",
      "livepatch: 'lp_tea': initializing patching transition",
      "livepatch: failed to register ftrace handler for function 'tea_show' (-16)",
      "livepatch: failed to patch object 'vmlinux'",
      ...cancelled('lp_tea'),
      failed('lp_tea', 'Device or resource busy'),
      'livepatch: kernel.ftrace_enabled = 1',
      insmod('lp_tea'),
      ...on('lp_tea'),
      'tea is green',
      'livepatch: sysctl: setting key "kernel.ftrace_enabled": Device or resource busy',
      disable('lp_tea'),
      ...off('lp_tea'),
      rmmod('lp_tea')
    ]
  )
]

function counted(patch: string, pre: string, post: string): string[] {
  return enabled(
    patch,
    [callback(patch, 'pre_patch', 'vmlinux'), `${patch}: ${pre}`],
    [callback(patch, 'post_patch', 'vmlinux'), `${patch}: ${post}`]
  )
}

function order(mod: string, place: number) {
  return { op: 'check_sysfs_value', mod, attr: 'stack_order', expect: String(place) }
}

/** The same under replace-set: each patch replaces those of its own set, and only those. */
export const ownReplaceSetTranscripts: readonly Transcript[] = [
  transcript(
    'a patch of the same set replaces, one of another set stays',
    [
      load('lp_tea', 'replace_set=7'),
      load('lp_all', 'replace_set=0'),
      load('lp_count1'),
      { op: 'wait_klp_dir_count', n: 2 },
      { op: 'check_sysfs_value', mod: 'lp_tea', attr: 'replace_set', expect: '7' },
      { op: 'check_sysfs_rights', mod: 'lp_tea', attr: 'replace_set', expect: '-r--r--r--' },
      unload('lp_all'),
      ...['lp_count1', 'lp_tea'].flatMap((mod) => [drop(mod), unload(mod)])
    ],
    [
      insmod('lp_tea', 'replace_set=7'),
      ...on('lp_tea'),
      insmod('lp_all', 'replace_set=0'),
      ...on('lp_all', 'vmlinux'),
      insmod('lp_count1'),
      ...counted('lp_count1', 'making room', 'counting'),
      rmmod('lp_all'),
      disable('lp_count1'),
      ...disabled(
        'lp_count1',
        [callback('lp_count1', 'pre_unpatch', 'vmlinux'), 'lp_count1: no longer counting'],
        [callback('lp_count1', 'post_unpatch', 'vmlinux'), 'lp_count1: leaving room']
      ),
      rmmod('lp_count1'),
      disable('lp_tea'),
      ...off('lp_tea'),
      rmmod('lp_tea')
    ]
  )
]
