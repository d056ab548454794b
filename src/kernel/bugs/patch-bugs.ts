import type { KernelBug } from './kernel-bug.ts'

/** Bugs of a patch's life: kernel/livepatch/core.c. */
export const patchBugs = {
  'nops-stay': {
    origin: 'd697bad588eb',
    says: 'Nops stay on the patch and its stacks when the transition is complete.',
    breaks: 'S2'
  },
  'sympos-0-is-not-1': {
    origin: '139560e8b973',
    says: 'Position 0 and position 1 of a symbol count as two functions, and a patch gets a nop for its own.',
    breaks: 'S3'
  },
  'early-failure-leaks': {
    origin: '5ef3dd20555e',
    says: 'An enable that fails before its directory is made keeps the kobject and the module reference.',
    breaks: 'F1'
  },
  'mutex-left-locked': {
    origin: '50a0f3f55e38',
    says: 'An enable that gets no module reference returns with klp_mutex locked, and whoever wants it hangs.',
    breaks: 'F1'
  },
  'free-twice': {
    origin: 'E.3 F5',
    says: 'A replaced or disabled patch is queued twice, and its free work runs twice.',
    breaks: 'F5'
  },
  'free-missing': {
    origin: 'E.3 F5',
    says: 'A replaced patch is never queued for its free work.',
    breaks: 'F5'
  },
  'state-check-skipped': {
    origin: 'E.4 O6',
    says: 'A patch is enabled without a look at the states and the functions of those on the list.',
    breaks: 'O6'
  },
  'replaced-callbacks-run': {
    origin: 'E.4 O5',
    says: 'The pre_unpatch callbacks of a replaced patch run when it is replaced.',
    breaks: 'O5'
  }
} as const satisfies Record<string, KernelBug>
