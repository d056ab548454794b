import type { HistoryEvent, SysfsPatch } from '../events/index.ts'
import type { Changes } from './changes.ts'
import { settle } from './doubt.ts'
import { begin } from './evolve-transition.ts'
import { observeHooks, observeKprobes } from './observed-hooks.ts'
import { observeModules } from './observed-modules.ts'
import { compareObjects, funcOf } from './observed-objects.ts'
import { insertObject, removePatchFromStacks, touchFunctions } from './stack.ts'
import { doubtParts, findPatch, type KernelState, type ObjectState, type PatchState } from './state.ts'

type Observed = Extract<HistoryEvent, { type: 'host.observed' }>

/** How many disagreements a state remembers; older ones are still in the log. */
const contradictionsMax = 50

/**
 * A snapshot meets the history: it fills what no event told, confirms the rest, and is believed where the two
 * disagree. A snapshot during which something changed proves nothing about the moment, only about what
 * patches are made of.
 */
export function evolveObserved(state: KernelState, event: Observed, changes: Changes): void {
  const { data } = event
  const moved = BigInt(data.fromNs) <= state.changedNs
  const disagree = (text: string) => {
    state.contradictions.push({ position: event.position, uptimeNs: event.uptimeNs, text })
    if (state.contradictions.length > contradictionsMax) state.contradictions.shift()
  }
  // Where evidence is missing, or has only begun, a difference is news and not a contradiction.
  const quietly = doubtParts.some((part) => state.doubt[part] !== null) || state.changedNs === 0n
  const report = quietly ? () => {} : disagree
  if (data.patches !== null) observePatches(state, event, data.patches, moved, quietly, report, changes)
  if (!moved && data.modules !== null) observeModules(state, event, data.modules, report, changes)
  if (!moved && data.kprobes !== null) observeKprobes(state, event, data.kprobes, report, changes)
  const sawHooks = !moved && data.hooks !== null && observeHooks(state, event, data.hooks, report, changes)
  state.hooksTold ||= data.hooks !== null
  if (moved) return
  // The parts that the snapshot read whole are as it shows them.
  const sawPatches = data.patches !== null && !hasUnknownNops(state)
  if (sawPatches) settle(state, 'patches', changes)
  if (data.modules !== null) settle(state, 'modules', changes)
  if (sawHooks || (sawPatches && !state.hooksTold)) settle(state, 'hooks', changes)
}

/** The nops of a patch that only a snapshot knows look like its own functions, until its transition ends. */
function hasUnknownNops({ transition, patches }: KernelState): boolean {
  const patch = patches.find(({ name }) => name === transition?.patch)
  return patch !== undefined && !patch.objectsKnown && patch.replace !== false
}

function observePatches(
  state: KernelState,
  event: Observed,
  seen: readonly SysfsPatch[],
  moved: boolean,
  quietly: boolean,
  report: (text: string) => void,
  changes: Changes
): void {
  for (const sysfs of seen) {
    if (sysfs.replaceable !== null) state.policy ??= 'hybrid'
    if (sysfs.replaceSet !== null) state.policy ??= 'replace-set'
    if (sysfs.stackOrder !== null) state.hasStackOrder = true
    const patch = findPatch(state, sysfs.name)
    if (patch === undefined) {
      if (moved) continue
      report(`${sysfs.name} is in sysfs, and no event enabled it`)
      adopt(state, event, sysfs, changes)
    } else {
      fill(state, patch, sysfs, changes)
      if (!moved) compare(state, event, patch, sysfs, report, changes)
    }
  }
  if (moved) return
  for (const patch of [...state.patches]) {
    if (seen.some((sysfs) => sysfs.name === patch.name)) continue
    // The free work of a replaced one may be told any moment now, unless its record may be lost.
    if (patch.replacedBy !== null && !quietly) continue
    report(`${patch.name} is not in sysfs, and no event freed it`)
    removePatchFromStacks(state, patch, changes)
    state.patches.splice(state.patches.indexOf(patch), 1)
    if (state.transition?.patch === patch.name) endTransition(state, changes)
  }
  const order = new Map(seen.map((sysfs) => [sysfs.name, sysfs.stackOrder ?? 0]))
  if (seen.every((sysfs) => sysfs.stackOrder !== null)) {
    state.patches.sort((a, b) => (order.get(a.name) ?? 0) - (order.get(b.name) ?? 0))
  }
}

/** A patch that only the snapshot knows: it was there before the evidence began. */
function adopt(state: KernelState, event: Observed, sysfs: SysfsPatch, changes: Changes): void {
  const patch: PatchState = {
    name: sysfs.name,
    replace: sysfs.replace,
    replaceable: sysfs.replaceable,
    replaceSet: sysfs.replaceSet,
    enabled: sysfs.enabled,
    forced: false,
    replacedBy: null,
    offList: false,
    objects: sysfs.objects.map(
      (object): ObjectState => ({
        name: object.name,
        patched: false,
        dynamic: false,
        functions: object.functions.map(funcOf),
        postUnpatchDue: false
      })
    ),
    objectsKnown: !sysfs.transition || sysfs.replace === false,
    states: [],
    sinceNs: event.uptimeNs,
    sincePosition: event.position
  }
  state.patches.push(patch)
  const module = state.modules.get(sysfs.name)
  if (module !== undefined) module.livepatch = true
  else state.modules.set(sysfs.name, { livepatch: true, state: 'live', refs: null, pinned: false })
  changes.hooks ||= state.hooks.some((hook) => hook.module === sysfs.name)
  patch.objects.forEach((object, n) => {
    if (sysfs.objects[n]?.patched !== false) insertObject(state, patch, object, changes)
  })
  if (sysfs.transition) {
    begin(state, patch.name, sysfs.enabled ? 'patched' : 'unpatched', event, changes).started = true
  }
}

/** What a patch is made of does not change: a snapshot may tell it at any time. */
function fill(state: KernelState, patch: PatchState, sysfs: SysfsPatch, changes: Changes): void {
  patch.replace ??= sysfs.replace
  patch.replaceable ??= sysfs.replaceable
  patch.replaceSet ??= sysfs.replaceSet
  if (patch.objectsKnown || sysfs.transition) return
  removePatchFromStacks(state, patch, changes)
  patch.objectsKnown = true
  patch.objects = sysfs.objects.map((object) => ({
    name: object.name,
    patched: false,
    dynamic: false,
    functions: object.functions.map(funcOf),
    postUnpatchDue: false
  }))
  patch.objects.forEach((object, n) => {
    if (sysfs.objects[n]?.patched !== false) insertObject(state, patch, object, changes)
  })
}

/** The snapshot's word against the history's; the snapshot wins. */
function compare(
  state: KernelState,
  event: Observed,
  patch: PatchState,
  sysfs: SysfsPatch,
  report: (text: string) => void,
  changes: Changes
): void {
  const differs = (what: string, mine: string | number, theirs: string | number) => {
    report(`${patch.name}: ${what} is ${theirs} in sysfs, ${mine} by the events`)
    changes.patches = true
  }
  if (patch.enabled !== sysfs.enabled) {
    differs('enabled', Number(patch.enabled), Number(sysfs.enabled))
    patch.enabled = sysfs.enabled
  }
  const inTransition = state.transition?.patch === patch.name
  if (sysfs.transition !== inTransition) {
    differs('transition', Number(inTransition), Number(sysfs.transition))
    if (sysfs.transition)
      begin(state, patch.name, sysfs.enabled ? 'patched' : 'unpatched', event, changes).started = true
    else endTransition(state, changes)
    touchFunctions(patch, changes)
  }
  if (sysfs.replace !== null && patch.replace !== sysfs.replace) {
    differs('replace', Number(patch.replace), Number(sysfs.replace))
    patch.replace = sysfs.replace
  }
  if (sysfs.replaceable !== null && patch.replaceable !== sysfs.replaceable) {
    differs('replaceable', Number(patch.replaceable), Number(sysfs.replaceable))
    patch.replaceable = sysfs.replaceable
  }
  compareObjects(state, patch, sysfs, differs, changes)
}

/** It ended unseen. */
function endTransition(state: KernelState, changes: Changes): void {
  state.transition = null
  changes.transition = true
}
