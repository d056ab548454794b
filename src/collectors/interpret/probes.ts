import type { Observation } from '../observation.ts'
import { completionEntered, finishCompletion, replacedQueued } from './completion.ts'
import { type Context, goalIn } from './context.ts'
import { enableEntered, enableReturned, forceEntered, storeEntered, storeReturned } from './enable.ts'
import * as hooks from './hook-attach.ts'
import type { Item } from './knowledge.ts'
import { moduleComing, moduleFreed, moduleGoing } from './module-life.ts'
import * as transitions from './transition.ts'
import { nopsDiscarded } from './unpatch.ts'

type Probe = Extract<Observation, { kind: 'probe' }>
type Handler = (c: Context, probe: Probe, item: Item) => void

/** The patch that a probe names, under whichever name its definition gave it, else the one in transition. */
function patchIn({ k }: Context, { args }: Probe): string {
  return args.patch ?? args.new_patch ?? args.new ?? k.transition?.patch ?? ''
}

/** What it means that a function of kernel/livepatch was entered. */
export const klpEntered: Readonly<Record<string, Handler>> = {
  klp_enable_patch: ({ k, t }, { args, task }, item) => enableEntered(k, t, args, task, item),
  klp_init_transition: (c, probe, item) => {
    const goal = goalIn(c, probe.args.state)
    transitions.transitionInitialised(c.k, c.t, patchIn(c, probe), goal, probe.task, item)
  },
  klp_patch_object: (c, probe, item) => {
    c.patching = { patch: patchIn(c, probe), object: probe.args.obj ?? '', by: probe.task?.pid ?? null, item }
  },
  klp_start_transition: (c, probe, item) =>
    transitions.transitionStarted(c.k, c.t, patchIn(c, probe), goalIn(c, probe.args.target), item),
  klp_try_complete_transition: ({ k, t }, { task }, item) => {
    const { transition } = k
    k.trier = task?.pid ?? null
    if (transition === null) return
    transition.tried = true
    t.tell('transition.tried', { patch: transition.patch, goal: transition.goal }, item)
  },
  klp_update_patch_state: ({ k, t }, { args }, item) => transitions.taskUpdated(k, t, args, item),
  klp_complete_transition: (c, probe, item) =>
    completionEntered(c.k, c.t, patchIn(c, probe), item, c.sawPrintk),
  klp_cancel_transition: (c, probe, item) => {
    c.patching = null
    transitions.transitionCancelled(c.k, c.t, patchIn(c, probe), item)
  },
  klp_reverse_transition: (c, probe, item) => {
    // At its entry klp_target_state is still the old one.
    const goal = goalIn(c, probe.args.target) === 'patched' ? 'unpatched' : 'patched'
    transitions.transitionReversed(c.k, c.t, patchIn(c, probe), goal, item)
  },
  klp_force_transition: ({ k, t }, { task }, item) => transitions.transitionForced(k, t, task, item),
  klp_unpatch_replaced_patches: (c, probe) => {
    c.k.replacing = patchIn(c, probe)
  },
  klp_unpatch_objects: (c, probe, item) => c.unpatching.objectsEntered(c.k, c.t, patchIn(c, probe), item),
  __klp_unpatch_object: ({ k, t, unpatching }, { args }, item) => unpatching.objectEntered(k, t, args, item),
  klp_unpatch_func: ({ k, t, unpatching }, { args }, item) => unpatching.functionLeft(k, t, args, item),
  klp_discard_nops: (c, probe, item) => nopsDiscarded(c.k, c.t, patchIn(c, probe), item),
  klp_free_replaced_patches_async: (c, probe, item) => replacedQueued(c.k, c.t, patchIn(c, probe), item),
  klp_free_patch_async: (c, probe, item) => {
    const patch = patchIn(c, probe)
    finishCompletion(c.k, c.t, patch, item)
    if (c.k.list.includes(patch)) c.k.toFree.push(patch)
  },
  klp_free_patch_work_fn: ({ k, t, freeing }, { args }, item) => freeing.workEntered(k, t, args.patch, item),
  klp_kobj_release_patch: (c, probe, item) => c.freeing.released(c.k, c.t, patchIn(c, probe), item),
  klp_module_coming: ({ k, t }, { args, task }, item) => {
    if (args.mod !== undefined) moduleComing(k, t, args.mod, null, task, item)
  },
  klp_module_going: ({ k, t, unpatching }, { args, task }, item) => {
    if (args.mod === undefined) return
    moduleGoing(k, t, args.mod, task, item)
    // bpftrace has no module_free; without that tracepoint the going is all that shows a module's end.
    if (item.format === 'bpftrace') moduleFreed(k, t, unpatching, args.mod, item, true)
  }
}

/** What it means that another function was entered: sysfs, kprobes, BPF. */
export const otherEntered: Readonly<Record<string, Handler>> = {
  enabled_store: ({ k }, { args, task }, item) => storeEntered(k, args, task, item),
  force_store: ({ k, t }, { args, task }, item) => forceEntered(k, t, args, task, item),
  bpf_prog_load: ({ k }, { args }) => hooks.programLoaded(k, args),
  register_kprobe: ({ k }, { args, task }) => hooks.kprobeRegistering(k, args, task),
  arm_kprobe: ({ k }, { args, task }) => hooks.kprobeArmed(k, args, task),
  disarm_kprobe: ({ k, t }, { args, task }, item) => hooks.kprobeDisarmed(k, t, args, task, item),
  kill_kprobe: ({ t }, { args }, item) => hooks.kprobeKilled(t, args, item),
  perf_event_set_bpf_prog: ({ k, t }, { args, task }, item) => {
    hooks.programSetting(k, args, task)
    // bpftrace prints the entry only: without the return the attach counts as done.
    if (item.format === 'bpftrace') hooks.programSet(k, t, { ret: '0' }, task, item)
  },
  bpf_link_settle: ({ k, t }, { args, task }, item) => hooks.linkSettled(k, t, args, task, item),
  bpf_trampoline_link_prog: ({ k, t }, { args, task }, item) =>
    hooks.trampolineLinked(k, t, args, task, item),
  perf_event_free_bpf_prog: ({ k, t }, { args, task }, item) => hooks.detached(k, t, args, task, item),
  bpf_link_free: ({ k, t }, { args, task }, item) => hooks.detached(k, t, args, task, item),
  __bpf_prog_put_noref: ({ k, t }, { args, task }, item) => hooks.detached(k, t, args, task, item)
}

/** What a return means. */
export const returned: Readonly<Record<string, Handler>> = {
  klp_enable_patch: ({ k, t }, { args, task }, item) => enableReturned(k, t, args, task, item),
  klp_patch_object: (c, { args }, item) => {
    const { patching } = c
    c.patching = null
    if (patching === null || args.ret !== '0') return
    transitions.objectPatched(c.k, c.t, patching.patch, patching.object, item)
  },
  klp_check_and_switch_task: (c, { args, task }, item) => {
    const { blocked } = c
    c.blocked = transitions.taskTried(c.k, c.t, args, task, item)
    if (blocked !== null) transitions.taskBlocked(c.k, c.t, blocked)
  },
  enabled_store: ({ k, t }, { args, task }, item) => storeReturned(k, t, args, task, item),
  register_kprobe: ({ k }, { args, task }) => hooks.kprobeRegistered(k, args, task),
  perf_event_set_bpf_prog: ({ k, t }, { args, task }, item) => hooks.programSet(k, t, args, task, item)
}
