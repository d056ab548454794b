import {
  type BugName,
  hybrid,
  type ModuleSpec,
  mainline,
  type Operation,
  type PatchSpec,
  type PolicyRules,
  plainModule,
  replaceSet
} from '../../../src/kernel/index.ts'
import { livepatch, object, worldOf } from '../../kernel/host.ts'
import type { Search } from './shortest-run.ts'

export type Attach = Extract<Operation, { op: 'attach' }>

/** What a bug, or a hazard of a policy, needs to show itself: a handful of modules, tasks and programs. */
export interface Scope {
  readonly modules: readonly ModuleSpec[]
  readonly rules?: PolicyRules
  /** Pids; 0 is the idle task of CPU 0. */
  readonly tasks?: readonly number[]
  readonly attaches?: readonly Attach[]
  readonly callDepth?: number
  readonly also?: readonly Operation[]
}

export function searchOf(scope: Scope, invariant: string, bug: BugName | null): Search {
  return {
    world: worldOf(scope.rules ?? mainline, scope.modules, { bugs: new Set(bug === null ? [] : [bug]) }),
    invariant,
    tasks: (scope.tasks ?? []).map((pid) => ({ pid, comm: pid === 0 ? 'swapper/0' : `task${pid}` })),
    attaches: scope.attaches ?? [],
    callDepth: scope.callDepth ?? 1,
    also: scope.also ?? []
  }
}

/** A target module with one function `m`. */
const mod: ModuleSpec = { ...plainModule, name: 'mod', functions: ['m'], initPrints: ['mod: init'] }
const prober: ModuleSpec = { ...plainModule, name: 'prober', kprobe: { function: 'f', postHandler: true } }

const p = livepatch('p', ['f'])
const q = livepatch('q', ['g'])
const replacing = livepatch('new', ['f'], { replace: true })
const withCallbacks = livepatch('p', [], {
  objects: [object('vmlinux', ['f'], { callbacks: true, prefix: 'p' })]
})

/** A livepatch of the module's function. */
function onModule(name: string, more: readonly string[] = []): ModuleSpec {
  const objects = [object('mod', ['m'], { prefix: name })]
  return livepatch(name, [], {
    objects: more.length > 0 ? [object('vmlinux', more, { prefix: name }), ...objects] : objects
  })
}

function ofSet(name: string, functions: readonly string[], set: number): ModuleSpec {
  return livepatch(name, functions, { replaceSet: set })
}

function patchWith(name: string, functions: readonly string[], patch: Partial<PatchSpec>): ModuleSpec {
  return livepatch(name, functions, patch)
}

function attach(kind: Attach['kind'], symbol: string, overrides = false): Attach {
  return { op: 'attach', program: kind, kind, symbol, overrides, address: '0xffffffffc0000000' }
}

function failing(
  module: string,
  step: 'module-reference' | 'early-init' | 'ftrace' | 'pre-patch'
): Operation {
  return { op: 'insmod', module, fail: { step, nth: 1, errno: step === 'ftrace' ? 16 : 19 } }
}

/** For each bug the world in which it is looked for. */
export const bugScopes: Readonly<Record<BugName, Scope>> = {
  'fork-copies-flag-early': { modules: [p], tasks: [1] },
  'reverse-keeps-flags': { modules: [p], tasks: [1] },
  immediate: { modules: [p], tasks: [1] },
  'idle-tasks-unchecked': { modules: [p], tasks: [0] },
  'last-patch-checked': { modules: [p, q], tasks: [1] },
  'functions-dropped-after-switch': { modules: [q, replacing] },
  'force-pins-all': { modules: [p], tasks: [1] },
  'force-pins-itself': { modules: [replacing], tasks: [1] },
  'force-pins-nobody': { modules: [p], tasks: [1] },
  'nops-stay': { modules: [q, replacing] },
  'sympos-0-is-not-1': {
    modules: [
      livepatch('old', [], { objects: [object('vmlinux', ['f'], { sympos: 1, prefix: 'old' })] }),
      replacing
    ]
  },
  'early-failure-leaks': { modules: [p], also: [failing('p', 'early-init')] },
  'mutex-left-locked': { modules: [p], also: [failing('p', 'module-reference')] },
  'free-twice': { modules: [p] },
  'free-missing': { modules: [q, replacing] },
  'state-check-skipped': {
    modules: [patchWith('stateful', ['g'], { states: [{ id: 7, version: 1 }] }), replacing]
  },
  'replaced-callbacks-run': { modules: [withCallbacks, replacing] },
  'coming-module-missed': { modules: [mod, onModule('p', ['f'])], tasks: [1] },
  'notifier-after-init': { modules: [mod, onModule('p')] },
  'mod-left-in-error-path': { modules: [{ ...mod, functions: ['other'] }, onModule('p')] },
  'relocations-kept': { modules: [mod, onModule('p')] },
  'ftrace-off-allowed': {
    modules: [p],
    also: [{ op: 'sysctl', name: 'kernel.ftrace_enabled', value: '0' }]
  },
  'fexit-bypasses-livepatch': { modules: [p], attaches: [attach('fentry', 'f'), attach('fexit', 'f')] },
  'fexit-refused': { modules: [p], attaches: [attach('fexit', 'f')] },
  'trampoline-always-busy': { modules: [p], attaches: [attach('fentry', 'f')] },
  'kprobe-disarmed-from-wrong-ops': { modules: [p, prober] },
  'unarmed-kprobe-succeeds': { modules: [p, prober] },
  'override-checked-by-name': {
    modules: [
      { ...plainModule, name: 'listed', functions: ['hook'], errorInjectable: ['hook'] },
      { ...plainModule, name: 'other', functions: ['hook'] }
    ],
    attaches: [attach('kprobe', 'other:hook', true)]
  },
  'transitions-overlap': { modules: [p, q], tasks: [1] },
  'reverse-replaces': { modules: [q, replacing], tasks: [1] },
  'disabled-comes-back': { modules: [p] },
  'fork-starts-unpatched': { modules: [p], tasks: [1, 2] },
  'coming-patches-backwards': { modules: [mod, onModule('p'), onModule('q')] },
  'nops-for-all': { modules: [ofSet('a', ['f'], 1), ofSet('b', ['g'], 2)], rules: replaceSet },
  'oldest-not-replaced': { modules: [q, replacing] },
  'busy-before-conflict': {
    modules: [ofSet('a', ['f'], 1), ofSet('b', ['f'], 2)],
    rules: replaceSet,
    tasks: [1]
  },
  'refused-stays-enabled': { modules: [p], also: [failing('p', 'ftrace')] },
  'directory-kept': { modules: [p] },
  'post-unpatch-always': { modules: [withCallbacks], also: [failing('p', 'pre-patch')] },
  'ipmodify-shared': { modules: [p, prober] },
  'override-unchecked': { modules: [], attaches: [attach('kprobe', 'f', true)] },
  'enable-takes-no-reference': { modules: [p] },
  'links-pin-nothing': { modules: [mod], rules: hybrid, attaches: [attach('fentry', 'mod:m')] }
}

/** Bugs once more, where another invariant than their own is to be seen to break. */
export const moreScopes: readonly (Scope & { readonly bug: BugName; readonly invariant: string })[] = [
  {
    bug: 'fexit-bypasses-livepatch',
    invariant: 'T6',
    modules: [livepatch('p', ['f', 'g'])],
    tasks: [1],
    attaches: [attach('fentry', 'f'), attach('fexit', 'f')]
  },
  { bug: 'immediate', invariant: 'T7', modules: [p], tasks: [1] },
  {
    bug: 'mutex-left-locked',
    invariant: 'T9',
    modules: [p, q],
    tasks: [1],
    also: [failing('q', 'module-reference')]
  },
  { bug: 'coming-patches-backwards', invariant: 'S14', modules: [mod, onModule('p'), onModule('q')] },
  {
    bug: 'oldest-not-replaced',
    invariant: 'S10',
    modules: [ofSet('a', ['f'], 0), ofSet('b', ['f'], 0)],
    rules: replaceSet
  },
  {
    bug: 'state-check-skipped',
    invariant: 'S11',
    modules: [ofSet('a', ['f'], 1), ofSet('b', ['f'], 2)],
    rules: replaceSet
  },
  { bug: 'early-failure-leaks', invariant: 'F4', modules: [p], also: [failing('p', 'early-init')] }
]

const lp1 = livepatch('lp1', ['a'])
const lp2 = livepatch('lp2', ['a', 'b'], { replaceable: true })
const lp3 = livepatch('lp3', ['b'], { replace: true })
const cum1 = livepatch('cum1', ['a'], { replaceable: true })
const cum2 = livepatch('cum2', ['a'], { replace: true, replaceable: true })

/** What breaks in a kernel without a bug: the hazards of the policies, by the invariant and their part of E. */
export const hazardScopes: Readonly<Record<string, Scope & { readonly from: string }>> = {
  S5: { from: 'E.6 S1', modules: [lp1, lp2, lp3], rules: hybrid },
  S6: { from: 'E.6 S1', modules: [lp1, lp2, lp3], rules: hybrid },
  S8: { from: 'E.6 S1', modules: [lp1, lp2, lp3], rules: hybrid },
  S9: { from: 'E.6 S3', modules: [cum1, cum2], rules: hybrid, tasks: [1] },
  T7: {
    from: 'E.6 S3',
    modules: [livepatch('old', ['a', 'b']), livepatch('new', ['b'], { replace: true })],
    rules: hybrid,
    tasks: [1],
    callDepth: 2
  },
  S15: {
    from: 'E.6 S2',
    modules: [livepatch('hook', ['a']), cum2],
    rules: hybrid,
    attaches: [attach('kprobe', 'hook:hook_a', true)]
  },
  F2: { from: 'E.6 S5', modules: [lp1, replacing], rules: hybrid, tasks: [1] },
  'O6-scope': {
    from: 'E.6 S6',
    modules: [livepatch('hook', ['h'], { states: [{ id: 7, version: 1 }] }), cum2],
    rules: hybrid
  },
  K6: {
    from: 'A.2',
    modules: [livepatch('cum1', ['a']), cum2],
    attaches: [attach('kprobe', 'cum1:cum1_a')]
  },
  K8: {
    from: 'C.2',
    modules: [livepatch('p', ['__x64_sys_f'])],
    attaches: [attach('kprobe', '__x64_sys_f', true)]
  }
}
