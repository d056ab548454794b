import type { EventData, HistoryEvent } from '../events/index.ts'
import type { KernelState } from './state.ts'

/** What a bug of the kernel can leave wrong in memory. */
export type DamageKind = EventData<'damage.done'>['kind']

type DamageEvent = Extract<HistoryEvent, { type: `damage.${string}` }>

/** Whether a bug has left this wrong. */
export function isDamaged({ damages }: KernelState, kind: DamageKind, subject: string): boolean {
  return damages?.has(`${kind} ${subject}`) === true
}

/** Every subject that a bug has left wrong in this way, in the order in which it did. */
export function damagedSubjects({ damages }: KernelState, kind: DamageKind): string[] {
  const prefix = `${kind} `
  return [...(damages ?? [])].filter((one) => one.startsWith(prefix)).map((one) => one.slice(prefix.length))
}

/** A state without damage has no set for it, so that it is the same, byte for byte, as one that never had any. */
export function evolveDamage(state: KernelState, { type, data }: DamageEvent): void {
  const damages = state.damages ?? new Set<string>()
  if (type === 'damage.done') damages.add(`${data.kind} ${data.subject}`)
  else damages.delete(`${data.kind} ${data.subject}`)
  if (damages.size > 0) state.damages = damages
  else delete state.damages
}
