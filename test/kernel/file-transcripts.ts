import type { Transcript } from '../../src/replay/transcript/selftest-ops.ts'
import {
  callback,
  cancelled,
  counted,
  disable,
  disabled,
  drop,
  failed,
  insmod,
  load,
  off,
  on,
  order,
  plug,
  rmmod,
  transcript,
  unload,
  unplug
} from './transcript-lines.ts'

/** States, kprobes, sysfs and ftrace: what the kernel's selftests also ask, in own words. */
export const fileTranscripts: readonly Transcript[] = [
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

/** The same under replace-set: each patch replaces those of its own set, and only those. */
export const replaceSetTranscripts: readonly Transcript[] = [
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
