import { functionKey } from '../projections/index.ts'
import { type Act, EADDRNOTAVAIL, EBUSY, EINVAL, ENOENT, ESRCH } from './act.ts'
import { hasBug } from './bugs.ts'
import { repair } from './damage.ts'
import type { Operation } from './operation.ts'

/** A program that user space wants on a function. */
export type Attach = Extract<Operation, { op: 'attach' }>

type View = Pick<Act, 'state' | 'world'>

/** Attaching a BPF program to a function. Returns 0 or a negative errno. */
export function attachHook(act: Act, attach: Attach): number {
  const place = checkAttach(act, attach)
  if (typeof place === 'number') return refused(act, attach, place)
  const key = functionKey(place.module ?? 'vmlinux', place.function, 1)
  const sharesFexit = attach.kind === 'fexit' && act.state.stacks.has(key)
  if (sharesFexit && hasBug(act.world, 'fexit-refused')) return refused(act, attach, -EBUSY)
  const overrideValue = attach.overrideValue ?? null
  act.tell('hook.attached', {
    program: attach.program,
    programId: null,
    linkId: null,
    kind: attach.kind,
    module: place.module,
    function: place.function,
    address: attach.address ?? null,
    overrides: attach.overrides,
    overrideValue,
    filter: attach.filter ?? null,
    actor: null
  })
  if (sharesFexit && hasBug(act.world, 'fexit-bypasses-livepatch') && hasFentry(act, place))
    act.tell('damage.done', { kind: 'lost-redirection', subject: key })
  return 0
}

function hasFentry({ state }: View, place: Place): boolean {
  return state.hooks.some(
    ({ kind, module, function: name }) =>
      kind === 'fentry' && module === place.module && name === place.function
  )
}

/** Each kind has its own checks, in this order: the place that the program gets, or a negative errno. */
export function checkAttach(act: View, attach: Attach): Place | number {
  const place = placeOf(act, attach)
  if (typeof place === 'number') return place
  // A fmod_ret program overrides by what it returns, for which its own list stands.
  if (attach.kind === 'fmod_ret') return isModifiable(act, place) ? place : -EINVAL
  const named = hasBug(act.world, 'override-checked-by-name')
    ? placesOf(act, place.function, false)[0]
    : place
  const error = attach.overrides ? overrideError(act, attach, named ?? place) : 0
  return error === 0 ? place : error
}

/** perf_event_free_bpf_prog(), bpf_link_free(): a probe that is [GONE] detaches as well. */
export function detachHook(act: Act, program: string): number {
  const hook = act.state.hooks.find((one) => one.program === program)
  if (hook === undefined) return -ENOENT
  const { programId, linkId } = hook
  act.tell('hook.detached', { program, programId, linkId, actor: null })
  if (hook.kind === 'fexit')
    repair(act, 'lost-redirection', functionKey(hook.module ?? 'vmlinux', hook.function ?? '', 1))
  return 0
}

/** Null stands for vmlinux. */
export interface Place {
  readonly module: string | null
  readonly function: string
}

/** Where the symbol is, or the errno that the kind gives when it is nowhere, or in too many places. */
function placeOf(act: View, { symbol, kind }: Attach): Place | number {
  const isTracing = kind === 'fentry' || kind === 'fexit' || kind === 'fmod_ret'
  const notFound = kind === 'kprobe_multi' || isTracing ? -ESRCH : -ENOENT
  const wanted = splitSymbol(symbol)
  if (wanted.module !== null) {
    const { module, function: name } = wanted
    return act.state.modules.has(module) && hasFunction(act, module, name, isTracing) ? wanted : notFound
  }
  const places = placesOf(act, wanted.function, isTracing)
  if (places.length === 0) return notFound
  return kind === 'kprobe' ? theOnly(act, places) : firstOf(kind, places)
}

/** Everywhere that kallsyms, or for tracing programs BTF, has the symbol: vmlinux, then modules as they came. */
function placesOf(act: View, name: string, wantsBtf: boolean): Place[] {
  const inModules = [...act.state.modules.keys()].flatMap((module) =>
    Array.from({ length: occurrences(act, module, name, wantsBtf) }, () => ({ module, function: name }))
  )
  const inVmlinux = act.world.symbolCounts.get(name) ?? (inModules.length > 0 ? 0 : 1)
  return [...Array.from({ length: inVmlinux }, () => ({ module: null, function: name })), ...inModules]
}

/** number_of_same_symbols(): a kprobe by a name that several symbols have is refused by perf_event_open(). */
function theOnly(act: View, places: readonly Place[]): Place | number {
  const inVmlinux = places.filter((place) => place.module === null)
  const counted = act.world.traits.vmlinuxSymbolWins && inVmlinux.length > 0 ? inVmlinux : places
  const [only] = counted
  return counted.length === 1 && only !== undefined ? only : -EADDRNOTAVAIL
}

/** The other kinds take the first that they find; fprobes go through the modules from the newest on. */
function firstOf(kind: Attach['kind'], places: readonly Place[]): Place | number {
  const [first] = places
  const last = places.at(-1)
  return (kind === 'kprobe_multi' && first?.module !== null ? last : first) ?? -ESRCH
}

function splitSymbol(symbol: string): Place {
  const colon = symbol.indexOf(':')
  if (colon < 0) return { module: null, function: symbol }
  return { module: symbol.slice(0, colon), function: symbol.slice(colon + 1) }
}

/** How often a module's symbols have the name, by its spec: its own functions, and the replacements of its patch. */
function occurrences(act: View, module: string, name: string, wantsBtf: boolean): number {
  const spec = act.world.modules.get(module)
  if (spec === undefined || (wantsBtf && !spec.btf)) return 0
  const replacements = spec.patch?.objects.flatMap((object) => object.functions.map((func) => func.new)) ?? []
  // One replacement may stand for several functions, and has one symbol.
  const named = replacements.includes(name) && !spec.functions.includes(name) ? 1 : 0
  return named + spec.functions.filter((one) => one === name).length
}

/** Whether MODULE:SYMBOL is there; a module of which nothing is known is taken to have it. */
function hasFunction(act: View, module: string, name: string, wantsBtf: boolean): boolean {
  return act.world.modules.get(module) === undefined || occurrences(act, module, name, wantsBtf) > 0
}

/**
 * perf_event_attach_bpf_prog(): bpf_override_return() wants its function on the error-injection list. The RFC's 2/4
 * lets a kprobe through on any function of a livepatch module as well, kprobe_multi it forgot. Tracing programs do
 * not have that helper.
 */
function overrideError(act: View, { kind }: Attach, place: Place): number {
  if (kind === 'fentry' || kind === 'fexit') return -EINVAL
  if (hasBug(act.world, 'override-unchecked')) return 0
  const onLivepatch = place.module !== null && act.state.modules.get(place.module)?.livepatch === true
  if (kind === 'kprobe' && act.world.rules.overridesReplacements && onLivepatch) return 0
  return isErrorInjectable(act, place) ? 0 : -EINVAL
}

function isErrorInjectable(act: View, { module, function: name }: Place): boolean {
  if (module === null) return act.world.isErrorInjectable(name)
  return act.world.modules.get(module)?.errorInjectable.includes(name) ?? false
}

/** check_attach_modify_return(): the error-injection list, or a security hook. */
function isModifiable(act: View, place: Place): boolean {
  return place.function.startsWith('security_') || isErrorInjectable(act, place)
}

function refused(act: Act, { program, kind, symbol }: Attach, error: number): number {
  const place = splitSymbol(symbol)
  act.tell('hook.rejected', {
    program,
    kind,
    module: place.module,
    function: place.function,
    errno: -error,
    actor: null
  })
  return error
}
