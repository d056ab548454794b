import type { SysfsPatch } from '../../events/index.ts'
import type { Observation, SysfsDirectory, TaskRef } from '../observation.ts'
import { attachIntent, hookKindOf } from './attach-intent.ts'
import { relearn } from './confirmed.ts'
import { attachRefused, attachTold, detachProgram, placeOf } from './hook-attach.ts'
import type { Item, Knowledge } from './knowledge.ts'
import { moduleFreed } from './module-life.ts'
import type { Teller } from './teller.ts'
import { transitionForced } from './transition.ts'
import type { Unpatching } from './unpatch.ts'

type Of<K extends Observation['kind']> = Extract<Observation, { kind: K }>

/** A snapshot of sysfs, modules, probes and programs. */
export function snapshotTaken(k: Knowledge, t: Teller, seen: Of<'snapshot'>, item: Item): void {
  for (const { id, name } of seen.programs ?? []) k.programNames.set(id, name)
  if (k.isDoubted && seen.fromNs > t.changedNs && seen.patches !== null) {
    relearn(k, seen)
    k.isDoubted = false
  }
  const hooks = seen.links?.map((link) => ({
    program: k.programNames.get(link.programId) ?? `prog-id ${link.programId}`,
    programId: link.programId,
    linkId: link.id,
    kind: hookKindOf(link.attachKind),
    ...placeOf(link.symbol),
    address: link.address
  }))
  t.tell(
    'host.observed',
    {
      fromNs: String(seen.fromNs),
      label: seen.label,
      patches: seen.patches?.map((patch) => named(k, patch)) ?? null,
      modules: seen.modules === null ? null : seen.modules.map((module) => ({ ...module })),
      kprobes: seen.kprobes === null ? null : seen.kprobes.map((kprobe) => ({ ...kprobe })),
      hooks: hooks ?? null,
      // `perf show` lists what hangs on perf events only: what it does not list may be there all the same.
      hooksComplete: seen.programs !== null || (seen.links ?? []).some((link) => link.id !== null)
    },
    item
  )
  for (const { name, id, runCnt } of seen.programs ?? []) {
    if (runCnt === null || !k.attached.some((hook) => hook.program === name)) continue
    t.tell('hook.counted', { program: name, programId: id, hits: String(runCnt), overrides: null }, item)
  }
}

/** What sysfs does not tell: the names of the replacements, where a manifest does. */
function named(k: Knowledge, patch: SysfsDirectory): SysfsPatch {
  const manifest = k.manifests.get(patch.name)
  const objects = patch.objects.map((object) => {
    const known = manifest?.objects.find(({ name }) => name === object.name)?.functions ?? []
    return {
      ...object,
      functions: object.functions.map((func) => ({
        ...func,
        newName: known.find((one) => isSameFunction(one, func))?.newName ?? null
      }))
    }
  })
  return { ...patch, objects }
}

/** sympos 0 and 1 both mean the first of that name. */
function isSameFunction(
  one: { readonly name: string; readonly sympos: number },
  other: { readonly name: string; readonly sympos: number }
): boolean {
  return one.name === other.name && Math.max(1, one.sympos) === Math.max(1, other.sympos)
}

/** A command of user space ended. */
export function commandEnded(
  k: Knowledge,
  t: Teller,
  unpatching: Unpatching,
  seen: Of<'command'>,
  item: Item
): void {
  moduleCommanded(k, t, unpatching, seen, item)
  forceCommanded(k, t, seen, item)
  t.tell(
    'command.ran',
    {
      command: seen.command,
      operation: seen.operation,
      target: seen.target,
      value: seen.value,
      errno: seen.errno,
      startNs: String(seen.fromNs),
      actor: seen.task === null ? null : { ...seen.task, uid: null, auid: null, command: seen.command }
    },
    item
  )
}

/** The loader's system call returned: whoever saw nothing of the module come or go knows it now. */
function moduleCommanded(
  k: Knowledge,
  t: Teller,
  unpatching: Unpatching,
  { operation, target, errno, fromNs }: Of<'command'>,
  item: Item
): void {
  if (errno === null || target === null) return
  if (errno !== 0) {
    // Of a module that was there before, the refused second load changes nothing.
    if (operation === 'insmod' && k.isLoading(target, fromNs))
      moduleFreed(k, t, unpatching, target, item, true)
    return
  }
  k.endLoading(target)
  if (operation === 'insmod' && !k.modules.has(target)) {
    k.modules.add(target)
    const livepatch = k.manifests.get(target)?.livepatch ?? null
    t.tell('module.loaded', { module: target, livepatch, actor: t.actor(null, item) }, item, true)
  }
  if (operation === 'rmmod') moduleFreed(k, t, unpatching, target, item, true)
}

/** A write to `force` that succeeded forced the transition under way, also where no record shows it. */
function forceCommanded(k: Knowledge, t: Teller, seen: Of<'command'>, item: Item): void {
  const { operation, target, value, errno } = seen
  if (operation !== 'write' || errno !== 0 || value !== '1' || k.transition === null) return
  if (target?.endsWith(`/livepatch/${k.transition.patch}/force`) === true) transitionForced(k, t, null, item)
}

const stepBegin = /^STEP \d+ begin: (.*)/
const stepEnd = /^STEP \d+ end(?: rc=(\d+))?/
const attachedMark = /^BPF attached (\S+) (\S+)/
const detachMark = /^BPF detach begin (\S+)/

/** A line that user space wrote into the trace: steps of a script, and a loader's own word. */
export function markSeen(k: Knowledge, t: Teller, text: string, task: TaskRef | null, item: Item): void {
  const begin = stepBegin.exec(text)
  if (begin !== null) {
    const what = begin[1] ?? ''
    k.step = { what, fromNs: item.uptimeNs }
    noteIntent(k, what)
    return
  }
  const end = stepEnd.exec(text)
  if (end !== null) {
    if (k.step !== null && k.commands.length === 0) stepEnded(t, k.step, end[1], item)
    k.step = null
    return
  }
  const attach = attachedMark.exec(text)
  if (attach !== null) {
    const [, program = '', symbol = null] = attach
    attachTold(k, t, { program, symbol, address: null, kind: null }, task, item)
    return
  }
  const detach = detachMark.exec(text)
  if (detach !== null) detachProgram(k, t, detach[1] ?? '', null, task, item)
}

function stepEnded(
  t: Teller,
  step: { what: string; fromNs: bigint },
  rc: string | undefined,
  item: Item
): void {
  t.tell(
    'command.ran',
    {
      command: step.what,
      operation: null,
      target: null,
      value: null,
      errno: rc === undefined ? null : Number(rc),
      startNs: String(step.fromNs),
      actor: null
    },
    item
  )
}

/** Remembers what a text announces to attach, if it does; the fuller announcement wins. */
export function noteIntent(k: Knowledge, text: string): void {
  const announced = attachIntent(text)
  if (announced === null) return
  const before = k.intents.get(announced.program)
  k.intents.set(announced.program, {
    ...announced.intent,
    filter: announced.intent.filter ?? before?.filter ?? null
  })
}

/** A BPF loader's own journal. */
export function loaderStepped(k: Knowledge, t: Teller, seen: Of<'bpf'>, item: Item): void {
  const { program, symbol, address } = seen
  if (seen.step === 'counters' && seen.hits !== null) {
    const overrides = seen.overrides === null ? null : String(seen.overrides)
    t.tell('hook.counted', { program, programId: null, hits: String(seen.hits), overrides }, item)
  } else if (seen.step === 'attach' && seen.errno !== 0) {
    attachRefused(k, t, program, seen.errno, seen.task, item, symbol)
  } else if (seen.step === 'attach') {
    attachTold(k, t, { program, symbol, address, kind: hookKindOf(seen.attachKind) }, seen.task, item)
  } else if (seen.step === 'detach') {
    detachProgram(k, t, program, null, seen.task, item)
  }
}

/** auditd's word: who loaded or unloaded a program or a module. */
export function auditSeen(t: Teller, seen: Of<'audit'>, item: Item): void {
  if (seen.record === 'syscall') return
  const { task, uid, auid, exe } = seen
  const target = seen.module ?? (seen.programId === null ? null : `prog-id ${seen.programId}`)
  const errno = seen.success === null ? null : seen.success ? 0 : Math.abs(seen.exit ?? 1)
  t.tell(
    'command.ran',
    {
      command: exe ?? task?.comm ?? 'unknown',
      operation: seen.record,
      target,
      value: null,
      errno,
      startNs: String(item.uptimeNs),
      actor:
        task === null && auid === null
          ? null
          : { pid: task?.pid ?? null, comm: task?.comm ?? null, uid, auid, command: exe }
    },
    item
  )
}
