import type { Actor } from '../events/index.ts'

/** A function key's `object:name,sympos` without what is the same nearly everywhere: `,1`. */
export function functionText(key: string): string {
  return key.endsWith(',1') ? key.slice(0, -2) : key
}

/** A function key in its parts: object and `name` or `name,2`. */
export function splitFunction(key: string): { readonly object: string; readonly name: string } {
  const colon = key.indexOf(':')
  return { object: key.slice(0, colon), name: functionText(key.slice(colon + 1)) }
}

/** A function's stack, the top first; an empty one is the original function's. */
export function stackText(stack: readonly { readonly patch: string; readonly nop: boolean }[]): string {
  if (stack.length === 0) return 'not patched'
  return stack.map(({ patch, nop }) => (nop ? `nop(${patch})` : patch)).join(' > ')
}

/** Where a hook sits: `module:function`, `function` of vmlinux, or its address. */
export function hookPlace(hook: {
  readonly module: string | null
  readonly function: string | null
  readonly address?: string | null
}): string {
  const name = hook.function ?? hook.address ?? '?'
  return hook.module === null ? name : `${hook.module}:${name}`
}

/** A task as the kernel's messages name it. */
export function taskText(comm: string, pid: number): string {
  return `${comm}:${pid}`
}

/** Who did it and with which command; null where nothing is known. */
export function actorText(actor: Actor | null): string | null {
  if (actor === null) return null
  const { pid, comm, uid, auid, command } = actor
  const who = [
    pid === null ? comm : taskText(comm ?? '?', pid),
    uid === null ? null : `uid ${uid}`,
    // (uid_t)-1 is auditd's word for nobody that logged in.
    auid === null || auid === 4_294_967_295 ? null : `auid ${auid}`
  ].filter((part) => part !== null)
  const parts = [who.join(' '), command ?? ''].filter((part) => part !== '')
  return parts.length === 0 ? null : parts.join(', ')
}

/** Why a task could not be switched, as klp_try_switch_task() says it. */
export function blockedText(reason: string, name: string | null): string {
  if (reason === 'sleeping') return name === null ? 'is sleeping' : `is sleeping on function ${name}`
  if (reason === 'running') return 'is running'
  if (reason === 'unreliable-stack') return 'has an unreliable stack'
  return 'could not be switched'
}

/** Ns as milliseconds to the microsecond, cut. */
export function milliseconds(ns: bigint): string {
  const [sign, abs] = ns < 0n ? ['-', -ns] : ['', ns]
  return `${sign}${abs / 1_000_000n}.${String((abs % 1_000_000n) / 1000n).padStart(3, '0')}`
}

/** Ns as people say them: `91.4 ms`, `29.837 s`. */
export function durationText(ns: bigint): string {
  if (ns < 1_000_000_000n) return `${milliseconds(ns).slice(0, -2)} ms`
  return `${ns / 1_000_000_000n}.${String((ns % 1_000_000_000n) / 1_000_000n).padStart(3, '0')} s`
}

/** `1 commit`, `3 commits`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** `1 try`, `2 tries`: `counted` for nouns whose plural is not regular. */
export function countedAs(n: number, one: string, many: string): string {
  return `${n} ${n === 1 ? one : many}`
}

/** What a transition towards a goal does, in the kernel's words. */
export function doing(goal: string): string {
  return goal === 'patched' ? 'patching' : 'unpatching'
}
