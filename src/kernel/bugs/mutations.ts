import type { KernelBug } from './kernel-bug.ts'

/** Rules turned off that no kernel ever lacked: they show that the invariants that no past bug broke can break. */
export const mutations = {
  'transitions-overlap': {
    origin: null,
    says: 'A disable begins its transition although another patch is in transition.',
    breaks: 'T1'
  },
  'reverse-replaces': {
    origin: null,
    says: 'A reversed enable replaces the older patches all the same.',
    breaks: 'T8'
  },
  'disabled-comes-back': {
    origin: null,
    says: 'A write of 1 enables a disabled patch again while its free work is still to come.',
    breaks: 'T10'
  },
  'fork-starts-unpatched': {
    origin: null,
    says: 'A forked task has not switched, whatever its parent has.',
    breaks: 'T11'
  },
  'coming-patches-backwards': {
    origin: null,
    says: 'Patches take hold in a coming module from the newest to the oldest.',
    breaks: 'S1'
  },
  'nops-for-all': {
    origin: null,
    says: 'Nops are made for the functions of every older patch, in scope or not.',
    breaks: 'S4'
  },
  'oldest-not-replaced': {
    origin: null,
    says: 'A replacement leaves out the oldest patch that it should replace.',
    breaks: 'S7'
  },
  'busy-before-conflict': {
    origin: null,
    says: 'A patch that conflicts with another set is refused as busy while a transition is under way.',
    breaks: 'S13'
  },
  'refused-stays-enabled': {
    origin: null,
    says: 'A patch whose functions cannot be patched stays in transition.',
    breaks: 'S12'
  },
  'directory-kept': {
    origin: null,
    says: "A freed patch's directory stays in sysfs.",
    breaks: 'F4'
  },
  'post-unpatch-always': {
    origin: null,
    says: 'post_unpatch runs for an object whose pre_patch failed.',
    breaks: 'O4'
  },
  'ipmodify-shared': {
    origin: null,
    says: 'livepatch and a kprobe with a post_handler both modify the IP of a function.',
    breaks: 'K1'
  },
  'override-unchecked': {
    origin: null,
    says: 'An override is accepted on any function.',
    breaks: 'K7'
  },
  'enable-takes-no-reference': {
    origin: null,
    says: 'An enabled patch does not hold its module, which can be unloaded under it.',
    breaks: 'F1'
  },
  'links-pin-nothing': {
    origin: null,
    says: 'The link of a fentry program does not hold the module that it is on.',
    breaks: 'K5'
  }
} as const satisfies Record<string, KernelBug>
