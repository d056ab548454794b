import type { KernelBug } from './kernel-bug.ts'

/** Bugs of target modules, of ftrace and of hooks. */
export const objectBugs = {
  'coming-module-missed': {
    origin: '8cb2c2dc4727',
    says: 'A module that comes while a patch is in transition is missed by that patch.',
    breaks: 'O1'
  },
  'notifier-after-init': {
    origin: '7e545d6eca20',
    says: "Patches take hold in a coming module only behind its init, when ftrace's own notifier has been.",
    breaks: 'O1'
  },
  'mod-left-in-error-path': {
    origin: '4ff96fb52c69',
    says: 'A module that is refused stays the mod of the object that refused it.',
    breaks: 'O2'
  },
  'relocations-kept': {
    origin: '0c05e7bd2d01',
    says: 'Relocations into a module that goes are not cleared, and the module cannot be loaded again.',
    breaks: 'O3'
  },
  'ftrace-off-allowed': {
    origin: '7162431dcf72',
    says: 'ftrace can be switched off while functions are livepatched: its ops are not PERMANENT.',
    breaks: 'K2'
  },
  'fexit-bypasses-livepatch': {
    origin: '3e9a18e1c3e9',
    says: 'A fexit program beside a fentry program on a livepatched function makes it run the original.',
    breaks: 'K2'
  },
  'fexit-refused': {
    origin: '56b3c85e153b',
    says: 'A fexit program cannot be attached to a function that is livepatched.',
    breaks: 'K3'
  },
  'trampoline-always-busy': {
    origin: 'E.5 K3',
    says: 'A livepatch of a function with a BPF trampoline fails with EAGAIN, as if its lock were always held.',
    breaks: 'K3'
  },
  'kprobe-disarmed-from-wrong-ops': {
    origin: '5dd7caf0bdc5',
    says: 'A kprobe with a post_handler is disarmed from the plain ops, and stays in those with IPMODIFY.',
    breaks: 'K4'
  },
  'unarmed-kprobe-succeeds': {
    origin: '7.2.13, __register_kprobe()',
    says: 'Registering a kprobe that could not be armed returns 0.',
    breaks: 'K4'
  },
  'override-checked-by-name': {
    origin: 'RFC 2/4',
    says: 'An override is checked at the first symbol of that name, not where the probe is armed.',
    breaks: 'K7'
  }
} as const satisfies Record<string, KernelBug>
