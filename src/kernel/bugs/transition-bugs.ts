import type { KernelBug } from './kernel-bug.ts'

/** Bugs of the consistency model: kernel/livepatch/transition.c. */
export const transitionBugs = {
  'fork-copies-flag-early': {
    origin: '747f7a290117',
    says: 'A fork copies the pending flag before the patch state, and the parent switches in between.',
    breaks: 'T2'
  },
  'reverse-keeps-flags': {
    origin: 'E.1 T3',
    says: 'A reverse does not clear the pending flags first, so who is at the new goal is still asked to go there.',
    breaks: 'T3'
  },
  immediate: {
    origin: 'd0807da78e11',
    says: 'A try switches every task without a look at its stack.',
    breaks: 'T4'
  },
  'idle-tasks-unchecked': {
    origin: 'E.1 T4',
    says: 'A try switches idle tasks without a look at their stacks.',
    breaks: 'T4'
  },
  'last-patch-checked': {
    origin: 'E.1 T4',
    says: 'A try looks for the functions of the last patch on the list, whichever is in transition.',
    breaks: 'T4'
  },
  'functions-dropped-after-switch': {
    origin: 'kpatch PR 986',
    says: 'What a replacing patch no longer changes gets no nop, and is dropped for everybody at the completion.',
    breaks: 'T5'
  },
  'force-pins-all': {
    origin: '2957308343fa',
    says: 'A force pins every patch on the list, whether it is being removed or not.',
    breaks: 'F2'
  },
  'force-pins-itself': {
    origin: 'replace_set v1 1/6',
    says: 'A force towards patched pins the patch in transition along with those that it replaces.',
    breaks: 'F2'
  },
  'force-pins-nobody': {
    origin: 'E.3 F2',
    says: 'A force pins nobody, so that a module can be unloaded under a task that is still in it.',
    breaks: 'F3'
  }
} as const satisfies Record<string, KernelBug>
