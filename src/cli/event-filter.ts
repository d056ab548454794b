import { type EventType, eventTypes, type Fact, type StoredEvent } from '../events/index.ts'
import { UsageError } from './errors.ts'

/** What `klplog log` is asked to leave: any of each kind's values, all of the kinds. */
export interface EventFilterOptions {
  readonly type?: readonly string[]
  readonly without?: readonly string[]
  readonly patch?: readonly string[]
  readonly function?: readonly string[]
  readonly module?: readonly string[]
  readonly hook?: readonly string[]
  readonly task?: number
}

/** What an event speaks of, by name. */
interface Subjects {
  readonly patches: readonly (string | null)[]
  readonly modules: readonly (string | null)[]
  readonly hooks: readonly (string | null)[]
  /** `object` null: the evidence names the function alone. */
  readonly functions: readonly { readonly object: string | null; readonly name: string | null }[]
}

/**
 * The types that `--type` and `--without` leave; undefined when that is all.
 * @throws UsageError when a name or a beginning fits no type
 */
export function typesAsked({ type = [], without = [] }: EventFilterOptions): EventType[] | undefined {
  if (type.length === 0 && without.length === 0) return undefined
  const wanted = type.length === 0 ? new Set(eventTypes) : new Set(type.flatMap(typesOf))
  for (const one of without.flatMap(typesOf)) wanted.delete(one)
  return [...wanted]
}

/** A name, or the beginning of several as far as a dot: `hook.`, `hook`. Several behind commas. */
function typesOf(text: string): EventType[] {
  return text.split(',').flatMap((name) => {
    const group = name.endsWith('.') ? name : `${name}.`
    const found = eventTypes.filter((type) => type === name || type.startsWith(group))
    if (found.length > 0) return found
    throw new UsageError(`there is no event type "${name}"`, `The types are ${eventTypes.join(', ')}.`)
  })
}

/** Where a program's probe sat, and from which position to which. */
export interface Probe {
  readonly program: string
  readonly address: string
  readonly from: number
  readonly to: number
}

/** Whether an event passes all but the types; `probes` are those of `--hook`. */
export function eventFilter(
  { patch, function: name, module, hook, task }: EventFilterOptions,
  probes: readonly Probe[] = []
): (event: StoredEvent) => boolean {
  return (event) => {
    const about = subjectsOf(event)
    if (patch !== undefined && !patch.some((one) => about.patches.includes(one))) return false
    if (module !== undefined && !module.some((one) => about.modules.includes(one))) return false
    if (hook !== undefined && !hook.some((one) => about.hooks.includes(one)) && !isKilled(event, probes))
      return false
    if (name !== undefined && !name.some((one) => about.functions.some((func) => isCalled(func, one))))
      return false
    return task === undefined || pidOf(event) === task
  }
}

/** kill_kprobe() names no program, only where its probe sat. */
function isKilled({ type, data, position }: StoredEvent, probes: readonly Probe[]): boolean {
  if (type !== 'hook.killed') return false
  return probes.some(({ address, from, to }) => address === data.address && from < position && position < to)
}

/** The thread that an event is about or by whom, as the log's own index has it. */
function pidOf({ data }: Fact): number | null {
  if ('pid' in data) return data.pid
  return 'actor' in data ? (data.actor?.pid ?? null) : null
}

function isCalled({ object, name }: Subjects['functions'][number], asked: string): boolean {
  const colon = asked.indexOf(':')
  const [wanted = ''] = asked.slice(colon + 1).split(',')
  return name === wanted && (colon < 0 || object === null || object === asked.slice(0, colon))
}

const none: Subjects = { patches: [], modules: [], hooks: [], functions: [] }

function subjectsOf({ type, data }: Fact): Subjects {
  switch (type) {
    case 'patch.enabled': {
      const objects = data.objects ?? []
      const functions = objects.flatMap((object) =>
        object.functions.flatMap((func) => [
          { object: object.name, name: func.name },
          { object: data.patch, name: func.newName }
        ])
      )
      return { ...none, patches: [data.patch], modules: objects.map(({ name }) => name), functions }
    }
    case 'patch.replaced':
    case 'patch.pinned':
      return { ...none, patches: [data.patch, data.by] }
    case 'patch.unpatched':
    case 'nop.discarded':
      return { ...none, patches: [data.patch], functions: named(null, data.functions) }
    case 'object.unpatched':
      return {
        ...none,
        patches: [data.patch],
        modules: [data.object],
        functions: named(data.object, data.functions)
      }
    case 'nop.added':
      return {
        ...none,
        patches: [data.patch],
        modules: [data.object],
        functions: named(data.object, [data.function])
      }
    case 'object.patched':
    case 'callback.ran':
      return { ...none, patches: [data.patch], modules: [data.object] }
    case 'task.blocked':
      return { ...none, patches: [data.patch], functions: [{ object: null, name: data.function }] }
    case 'call.entered':
      return { ...none, patches: [data.version], functions: named(data.object, [data.function]) }
    case 'hook.attached':
    case 'hook.rejected':
      return {
        // A hook on a replacement function belongs to the story of its patch.
        patches: [data.module],
        modules: [data.module ?? 'vmlinux'],
        hooks: [data.program],
        functions: [{ object: data.module ?? 'vmlinux', name: data.function }]
      }
    case 'hook.detached':
    case 'hook.counted':
      return { ...none, hooks: [data.program] }
    case 'hook.killed':
      return { ...none, ...ofSymbol(data.symbol) }
    case 'module.loaded':
    case 'module.going':
    case 'module.unloaded':
      // A livepatch has its module's name.
      return { ...none, patches: [data.module], modules: [data.module] }
    case 'command.ran':
      return ofTarget(data.target)
    default:
      return 'patch' in data ? { ...none, patches: [data.patch] } : none
  }
}

function named(object: string | null, names: readonly string[] | null): Subjects['functions'] {
  return (names ?? []).map((name) => ({ object, name }))
}

/** `module:function` as kallsyms and kprobes/list print it. */
function ofSymbol(symbol: string | null): Pick<Subjects, 'patches' | 'modules' | 'functions'> {
  const [module = null, name = null] = symbol?.split(':') ?? []
  return { patches: [module], modules: [module], functions: [{ object: module, name }] }
}

/** A command's target: a module, a program, or a patch's file in sysfs. */
function ofTarget(target: string | null): Subjects {
  const patch = /^\/sys\/kernel\/livepatch\/([^/]+)/.exec(target ?? '')?.[1] ?? target
  return { ...none, patches: [patch], modules: [target], hooks: [target] }
}
