import type { EventData, EventType, Fact } from '../events/index.ts'
import { errnoName } from './errno-name.ts'
import { blockedText, counted, countedAs, doing, durationText, hookPlace, taskText } from './wording.ts'

/** One sentence per event: what it means, in the kernel's words where it has some. Without a full stop. */
export function eventSentence(event: Fact & { readonly uptimeNs?: bigint }): string {
  if (event.type === 'host.observed') return observed(event.data, event.uptimeNs)
  const say = sentences[event.type] as (data: unknown) => string
  return say(event.data)
}

type Sentences = {
  readonly [T in Exclude<EventType, 'host.observed'>]: (data: EventData<T>) => string
}

const sentences: Sentences = {
  'patch.enabled': ({ patch, replace, replaceable, replaceSet, objects }) => {
    const traits = [
      replace === true ? 'replaces others' : null,
      replaceable === null ? null : replaceable ? 'replaceable' : 'not replaceable',
      replaceSet === null ? null : `replace set ${replaceSet}`
    ].filter((trait) => trait !== null)
    const what = objects === null ? 'functions unknown' : `patches ${functionsOf(objects)}`
    return `enabling patch '${patch}': ${[what, ...traits].join('; ')}`
  },
  'patch.replaced': ({ patch, by }) => `'${by}' replaced '${patch}', none of whose callbacks runs`,
  'patch.unpatched': ({ patch, reason, functions }) =>
    `'${patch}' left the function stacks (${reason})${namesBehind(functions)}`,
  'patch.freed': ({ patch }) => `'${patch}' is freed: off the list of patches, its sysfs directory gone`,
  'patch.rejected': ({ patch, operation, value, errno, message }) => {
    const operations = {
      enable: `enabling '${patch}'`,
      'write-enabled': `writing ${value ?? '?'} to enabled of '${patch}'`,
      force: `forcing '${patch}'`
    }
    return `${operations[operation]} is refused${withErrno(errno)}${message === null ? '' : `: ${message}`}`
  },
  'patch.disabled': ({ patch }) => `disabling patch '${patch}'`,
  'patch.marked': ({ patch, replaceable }) =>
    `'${patch}' is marked ${replaceable ? 'replaceable' : 'not replaceable'}`,
  'patch.pinned': ({ patch, by }) =>
    `'${patch}' is pinned by the force of '${by}': its module stays for good`,
  'transition.started': ({ patch, goal }) => `'${patch}': starting ${doing(goal)} transition`,
  'transition.completed': ({ patch, goal }) => `'${patch}': ${doing(goal)} complete`,
  'transition.tried': ({ patch, goal }) => `'${patch}': trying to complete the ${doing(goal)} transition`,
  'transition.reversed': ({ patch, goal }) =>
    `'${patch}': reversing transition from ${goal === 'unpatched' ? 'patching to unpatching' : 'unpatching to patching'}`,
  'transition.forced': ({ patch, goal }) => `'${patch}': forcing remaining tasks to the ${goal} state`,
  'transition.signaled': ({ patch }) => `'${patch}': signaling remaining tasks`,
  'transition.cancelled': ({ patch }) => `'${patch}': canceling patching transition, going to unpatch`,
  'task.switched': ({ patch, goal, pid, comm, how }) =>
    `${taskText(comm, pid)} is ${goal} for '${patch}': ${how === 'self' ? 'switched itself' : 'its stack was clean'}`,
  'task.blocked': ({ patch, pid, comm, reason, function: name }) =>
    `${taskText(comm, pid)} ${blockedText(reason, name)}: '${patch}' has to wait`,
  'task.started': ({ pid, comm, parent }) =>
    `${taskText(comm, pid)} ${parent === null ? 'is there' : `is forked by ${parent}`}`,
  'task.exited': ({ pid, comm }) => `${taskText(comm, pid)} exited`,
  'call.entered': ({ pid, comm, object, function: name, version }) =>
    `${taskText(comm, pid)} calls ${object}:${name} and runs ${version === 'original' ? 'the original' : `'${version}'`}`,
  'call.returned': ({ pid, comm }) => `the innermost call of ${taskText(comm, pid)} returned`,
  'object.patched': ({ patch, object }) => `'${patch}' is on top of the stacks of its functions in ${object}`,
  'object.unpatched': ({ patch, object, nopsOnly, functions }) =>
    nopsOnly
      ? `the nops of '${patch}' left the stacks of ${object}${namesBehind(functions)}`
      : `'${patch}' left the stacks of ${object}${namesBehind(functions)}`,
  'nop.added': ({ patch, object, function: name, sympos }) =>
    `'${patch}' got a nop for ${object}:${functionName({ name, sympos })}`,
  'nop.discarded': ({ patch, functions }) => `the nops of '${patch}' are discarded${namesBehind(functions)}`,
  'callback.ran': ({ patch, callback, object, ret }) =>
    `${callback} of '${patch}' ran for ${object}${ret === null || ret === 0 ? '' : ` and failed${withErrno(-ret)}`}`,
  'hook.attached': (hook) => {
    const override = hook.overrides === true ? [`may override the return value${withValue(hook)}`] : []
    const filter = hook.filter === null ? [] : [`filter ${hook.filter}`]
    return [`${hook.program} is attached to ${hookPlace(hook)} (${hook.kind})`, ...override, ...filter].join(
      ', '
    )
  },
  'hook.rejected': (hook) =>
    `attaching ${hook.program} to ${hookPlace(hook)} (${hook.kind}) is refused${withErrno(hook.errno)}`,
  'hook.detached': ({ program }) => `${program} is detached`,
  'hook.killed': ({ address, symbol }) => `the kprobes at ${symbol ?? address} are [GONE]: their module goes`,
  'hook.counted': ({ program, hits, overrides }) =>
    `${program} has been hit ${times(hits)}${overrides === null ? '' : ` and has overridden ${times(overrides)}`}`,
  'host.booted': ({ release, policy, policyFrom }) =>
    `Linux ${release ?? 'of unknown release'}, ${policy === null ? 'policy unknown' : `${policy} policy (${policyFrom})`}`,
  'evidence.lost': ({ count, reason }) =>
    `${count === null ? 'an unknown number of records' : counted(count, 'record')} lost before this: ${reason}`,
  'setting.changed': ({ name, value }) => `${name} is set to ${value}`,
  'damage.done': ({ kind, subject }) => `a bug leaves ${kind} of ${subject} wrong`,
  'damage.undone': ({ kind, subject }) => `${kind} of ${subject} is right again`,
  'kernel.printed': ({ level, message }) => `kernel log (${level}): ${message}`,
  'command.ran': ({ command, errno }) => {
    const ending = errno === null ? 'ended' : errno === 0 ? 'succeeded' : `failed${withErrno(errno)}`
    return `\`${command}\` ${ending}`
  },
  'module.loaded': ({ module, livepatch }) =>
    `${livepatch === true ? 'livepatch module' : 'module'} ${module} is coming: its code is in place`,
  'module.going': ({ module }) => `module ${module} is going: patches of it are about to be reverted`,
  'module.unloaded': ({ module, reason }) =>
    `module ${module} is gone${reason === 'refused' ? ': its load was refused' : ''}`
}

function observed(data: EventData<'host.observed'>, uptimeNs: bigint | undefined): string {
  const { label, patches, modules, kprobes, hooks, fromNs } = data
  const parts = [
    patches === null ? null : countedAs(patches.length, 'patch', 'patches'),
    modules === null ? null : counted(modules.length, 'module'),
    kprobes === null ? null : counted(kprobes.length, 'kprobe'),
    hooks === null ? null : counted(hooks.length, 'BPF program')
  ].filter((part) => part !== null)
  const took = uptimeNs === undefined ? 0n : uptimeNs - BigInt(fromNs)
  const lasted = took > 0n ? `, read over ${durationText(took)}` : ''
  return `snapshot${label === null ? '' : ` "${label}"`}: ${parts.join(', ')}${lasted}`
}

function functionsOf(objects: NonNullable<EventData<'patch.enabled'>['objects']>): string {
  const names = objects.flatMap((object) =>
    object.functions.map((func) => `${func.nop ? 'nop ' : ''}${object.name}:${functionName(func)}`)
  )
  return names.length === 0 ? 'nothing' : names.join(', ')
}

function times(text: string): string {
  return text === '1' ? 'once' : `${text} times`
}

/** The first function of a name needs no number. */
function functionName({ name, sympos }: { readonly name: string; readonly sympos: number }): string {
  return sympos > 1 ? `${name},${sympos}` : name
}

function namesBehind(names: readonly string[] | null): string {
  return names === null || names.length === 0 ? '' : `: ${names.join(', ')}`
}

function withErrno(errno: number | null): string {
  return errno === null ? '' : ` with ${errnoName(errno)} (${errno})`
}

function withValue({ overrideValue }: { readonly overrideValue: string | null }): string {
  return overrideValue === null ? '' : ` with ${overrideValue}`
}
