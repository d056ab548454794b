import type { HookKind } from '../../events/index.ts'
import type { TaskRef } from '../observation.ts'
import type { AttachIntent, Item, Knowledge } from './knowledge.ts'
import { pidOf, type Teller } from './teller.ts'

type Args = Readonly<Record<string, string>>

const BPF_PROG_TYPE_KPROBE = 2

/** bpf_prog_load(): the type tells a kprobe_multi link from the links of other subsystems. */
export function programLoaded(k: Knowledge, args: Args): void {
  if (args.name !== undefined) k.programTypes.set(args.name, Number(args.type))
}

/** register_kprobe(), its return, and arm_kprobe(): which symbol at which address this task is probing. */
export function kprobeRegistering(k: Knowledge, args: Args, task: TaskRef | null): void {
  k.sawRegister = true
  const symbol = known(args.sym)
  const address = known(args.addr)
  if (symbol !== null) k.registering.set(pidOf(task), { symbol, address: address === '0x0' ? null : address })
}

export function kprobeRegistered(k: Knowledge, args: Args, task: TaskRef | null): void {
  if (Number(args.ret) < 0) k.registering.delete(pidOf(task))
}

export function kprobeArmed(k: Knowledge, args: Args, task: TaskRef | null): void {
  const registering = k.registering.get(pidOf(task))
  const address = known(args.addr)
  const symbol = known(args.sym) ?? registering?.symbol ?? null
  if (address === null || symbol === null) return
  k.symbolAddress.set(symbol, address)
  if (registering?.symbol === symbol) registering.address = address
}

/** perf_event_set_bpf_prog() and its return: the program is attached, or refused. */
export function programSetting(k: Knowledge, args: Args, task: TaskRef | null): void {
  const program = known(args.prog)
  if (program === null) return
  const programId = idOf(args.id)
  if (programId !== null) k.programNames.set(programId, program)
  k.settingProgram.set(pidOf(task), { program, programId })
}

export function programSet(k: Knowledge, t: Teller, args: Args, task: TaskRef | null, item: Item): void {
  const setting = k.settingProgram.get(pidOf(task))
  k.settingProgram.delete(pidOf(task))
  const ret = Number(args.ret)
  if (setting === undefined || !Number.isSafeInteger(ret)) return
  const registering = k.registering.get(pidOf(task))
  // The same call serves tracepoints and uprobes; where kprobes are watched, one without a kprobe is such.
  if (registering === undefined && k.sawRegister && !k.intents.has(setting.program)) return
  if (ret < 0) attachRefused(k, t, setting.program, -ret, task, item, registering?.symbol ?? null)
  else
    tellAttached(
      k,
      t,
      { ...setting, symbol: registering?.symbol ?? null, address: registering?.address ?? null },
      task,
      item
    )
}

/** bpf_link_settle(): any link is in place; of the kinds that hook functions only kprobe_multi needs it. */
export function linkSettled(k: Knowledge, t: Teller, args: Args, task: TaskRef | null, item: Item): void {
  const program = known(args.prog)
  if (program === null) return
  const linkId = idOf(args.id)
  const hook = k.attached.findLast((one) => one.program === program && one.linkId === null)
  if (hook !== undefined) {
    hook.linkId = linkId
    return
  }
  const isKprobe = k.programTypes.get(program) === BPF_PROG_TYPE_KPROBE
  if (k.intents.has(program) || isKprobe) {
    tellAttached(
      k,
      t,
      { program, linkId, ...(isKprobe ? { kind: 'kprobe_multi' as const } : {}) },
      task,
      item
    )
  }
}

/** bpf_trampoline_link_prog(): fentry, fexit or fmod_ret; which one, only its loader says. */
export function trampolineLinked(
  k: Knowledge,
  t: Teller,
  args: Args,
  task: TaskRef | null,
  item: Item
): void {
  const program = known(args.prog)
  if (program !== null) tellAttached(k, t, { program, kind: 'fentry' }, task, item)
}

/** The loader's own word, where no probe saw the attach (the perf ioctl inlines it). */
export function attachTold(
  k: Knowledge,
  t: Teller,
  told: { program: string; symbol: string | null; address: string | null; kind: HookKind | null },
  task: TaskRef | null,
  item: Item
): void {
  if (k.attached.some((hook) => hook.program === told.program)) return
  const registering = k.registering.get(pidOf(task))
  const address = told.address ?? (registering?.symbol === told.symbol ? registering?.address : null) ?? null
  const { kind, ...rest } = told
  tellAttached(k, t, { ...rest, address, ...(kind === null ? {} : { kind }) }, task, item)
}

/** An attach that the kernel refused; told once, whoever reports it. */
export function attachRefused(
  k: Knowledge,
  t: Teller,
  program: string,
  errno: number,
  task: TaskRef | null,
  item: Item,
  symbol: string | null
): void {
  if (k.rejectedPrograms.has(program)) return
  k.rejectedPrograms.add(program)
  const intent = k.intents.get(program)
  const place = placeOf(symbol)
  t.tell(
    'hook.rejected',
    {
      program,
      kind: intent?.kind ?? 'kprobe',
      module: intent?.module ?? place.module,
      function: intent?.function ?? place.function,
      errno,
      actor: t.actor(task, item)
    },
    item
  )
}

/** The program is called no more: perf_event_free_bpf_prog(), bpf_link_free(), the loader's word, the last put. */
export function detached(k: Knowledge, t: Teller, args: Args, task: TaskRef | null, item: Item): void {
  const program = known(args.prog)
  if (program !== null)
    detachProgram(k, t, program, args.type === undefined ? idOf(args.id) : null, task, item)
}

export function detachProgram(
  k: Knowledge,
  t: Teller,
  program: string,
  programId: number | null,
  task: TaskRef | null,
  item: Item
): void {
  const at = k.attached.findIndex(
    (one) => one.program === program && (!programId || one.programId === null || one.programId === programId)
  )
  const [hook] = at < 0 ? [] : k.attached.splice(at, 1)
  if (hook === undefined) return
  t.tell(
    'hook.detached',
    { program, programId: hook.programId, linkId: hook.linkId, actor: t.actor(task, item) },
    item
  )
}

/** disarm_kprobe(): the last probe at the address went, and with it whatever was still attached there. */
export function kprobeDisarmed(k: Knowledge, t: Teller, args: Args, task: TaskRef | null, item: Item): void {
  const address = known(args.addr)
  if (address === null) return
  for (const hook of k.attached.filter((one) => one.kind === 'kprobe' && one.address === address)) {
    detachProgram(k, t, hook.program, hook.programId, task, item)
  }
}

/** kill_kprobe(). */
export function kprobeKilled(t: Teller, args: Args, item: Item): void {
  const address = known(args.addr)
  if (address !== null) t.tell('hook.killed', { address, symbol: known(args.sym) }, item)
}

/** `module:function` or `function`. */
export function placeOf(symbol: string | null): { module: string | null; function: string | null } {
  if (symbol === null) return { module: null, function: null }
  const colon = symbol.indexOf(':')
  return colon < 0
    ? { module: null, function: symbol }
    : { module: symbol.slice(0, colon), function: symbol.slice(colon + 1) }
}

interface Attach {
  readonly program: string
  readonly programId?: number | null
  readonly linkId?: number | null
  readonly kind?: HookKind
  readonly symbol?: string | null
  readonly address?: string | null
}

function tellAttached(k: Knowledge, t: Teller, attach: Attach, task: TaskRef | null, item: Item): void {
  const intent: AttachIntent | undefined = k.intents.get(attach.program)
  const { program, programId = null, linkId = null } = attach
  const place = placeOf(attach.symbol ?? null)
  const kind = intent?.kind ?? attach.kind ?? 'kprobe'
  const address = attach.address ?? (attach.symbol ? (k.symbolAddress.get(attach.symbol) ?? null) : null)
  k.rejectedPrograms.delete(program)
  k.attached.push({ program, programId, linkId, kind, address })
  t.tell(
    'hook.attached',
    {
      program,
      programId,
      linkId,
      kind,
      module: place.module ?? intent?.module ?? null,
      function: place.function ?? intent?.function ?? null,
      address,
      overrides: intent?.overrides ?? null,
      overrideValue: intent?.overrideValue ?? null,
      filter: intent?.filter ?? null,
      actor: t.actor(task, item)
    },
    item
  )
}

/** A probe's argument that could be read: `(fault)` marks memory that was not there. */
function known(value: string | undefined): string | null {
  return value === undefined || value === '' || value === '(fault)' ? null : value
}

/** An id; 0 is what a freed program or an unsettled link shows. */
function idOf(value: string | undefined): number | null {
  const id = Number(value)
  return value === undefined || !Number.isSafeInteger(id) || id === 0 ? null : id
}
