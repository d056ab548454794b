import type { Transcript } from '../../src/replay/transcript/selftest-ops.ts'
import {
  begun,
  callback,
  coming,
  disable,
  drop,
  ended,
  failed,
  going,
  insmod,
  live,
  load,
  loading,
  off,
  on,
  plug,
  reverting,
  rmmod,
  transcript,
  unload,
  unplug
} from './transcript-lines.ts'

/** Callbacks, target modules and atomic replace: what the kernel's selftests also ask, in own words. */
export const callbackTranscripts: readonly Transcript[] = [
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
  )
]
