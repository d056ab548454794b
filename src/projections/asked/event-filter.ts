import {
  type EventLog,
  type EventType,
  eventTypes,
  type Fact,
  type ReadQuery,
  type StoredEvent
} from '../../events/index.ts'
import { QuestionError } from './question-error.ts'

/** Which events are asked for: any of each kind's values, all of the kinds. */
export interface EventsAsked {
  readonly type?: readonly string[] | undefined
  readonly without?: readonly string[] | undefined
  readonly patch?: readonly string[] | undefined
  readonly function?: readonly string[] | undefined
  readonly module?: readonly string[] | undefined
  readonly hook?: readonly string[] | undefined
  readonly task?: number | undefined
}

/** A filter that is ready: what the log's indexes can leave out, and what only a look at an event can. */
export interface EventFilter {
  readonly query: Pick<ReadQuery, 'types' | 'pid'>
  readonly passes: (event: StoredEvent) => boolean
}

/**
 * Makes the filter of what is asked of a stream.
 * @throws QuestionError when a name or a beginning fits no type
 */
export async function openFilter(
  log: Pick<EventLog, 'read'>,
  stream: string,
  asked: EventsAsked
): Promise<EventFilter> {
  const types = typesAsked(asked)
  return {
    query: {
      ...(types === undefined ? {} : { types }),
      ...(asked.task === undefined ? {} : { pid: asked.task })
    },
    passes: eventFilter(asked, await probesOf(log, stream, asked.hook))
  }
}

/** What an event speaks of, by name. */
interface Subjects {
  readonly patches: readonly (string | null)[]
  readonly modules: readonly (string | null)[]
  readonly hooks: readonly (string | null)[]
  /** `object` null: the evidence names the function alone. */
  readonly functions: readonly { readonly object: string | null; readonly name: string | null }[]
}

/** The types that are wanted without those that are not; undefined when that is all. */
function typesAsked({ type = [], without = [] }: EventsAsked): EventType[] | undefined {
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
    throw new QuestionError(`there is no event type "${name}"`, `The types are ${eventTypes.join(', ')}.`)
  })
}

/** Where a program's probe sat, and from which position to which. */
interface Probe {
  readonly program: string
  readonly address: string
  readonly from: number
  readonly to: number
}

/** Where the probes of these programs sat, and from which event to which. */
async function probesOf(
  log: Pick<EventLog, 'read'>,
  stream: string,
  hooks: readonly string[] | undefined
): Promise<Probe[]> {
  const probes: (Probe & { to: number })[] = []
  if (hooks === undefined) return probes
  const types = ['hook.attached', 'hook.detached']
  for await (const page of log.read({ stream, types })) {
    for (const { type, data, position } of page) {
      if (type === 'hook.attached' && data.address !== null && hooks.includes(data.program)) {
        const { program, address } = data
        probes.push({ program, address, from: position, to: Number.POSITIVE_INFINITY })
      }
      if (type !== 'hook.detached') continue
      for (const probe of probes) {
        if (probe.program === data.program) probe.to = Math.min(probe.to, position)
      }
    }
  }
  return probes
}

/** Whether an event passes all but the types; `probes` are those of the programs asked for. */
function eventFilter(
  { patch, function: name, module, hook, task }: EventsAsked,
  probes: readonly Probe[]
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
