import { readSelftestModules } from '../../src/replay/transcript/selftest-modules.ts'

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
