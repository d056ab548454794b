import type { Actor, EventData, EventType, Evidence, NewEvent } from '../../events/index.ts'
import type { TaskRef } from '../observation.ts'
import { eventId } from './event-id.ts'
import type { Item, Knowledge } from './knowledge.ts'

/** The events that change patches, stacks, modules or hooks, and losses, which may hide one that does. */
const changing =
  /^(?:patch|object|nop|module|evidence)\.(?!rejected)|^hook\.(?:attached|detached|killed)|^transition\.(?!tried)/

/** Turns what the interpreter understood into events: gives them time, id and evidence, in time order. */
export class Teller {
  readonly #stream: string
  readonly #bootTimeNs: bigint | null
  readonly #knowledge: Knowledge
  #told: NewEvent[] = []
  #lastNs = 0n
  #changedNs = 0n
  #nth = new Map<string, number>()
  #nthItem: Item | null = null

  constructor(stream: string, bootTimeNs: bigint | null, knowledge: Knowledge) {
    this.#stream = stream
    this.#bootTimeNs = bootTimeNs
    this.#knowledge = knowledge
  }

  /** One fact, proved by `item`; `inferred` when the line does not state it, but the kernel's rules do. */
  tell<T extends EventType>(type: T, data: EventData<T>, item: Item, inferred = false): void {
    // A fact that was held back until its line was understood may not fall behind what was told meanwhile.
    const uptimeNs = item.uptimeNs > this.#lastNs ? item.uptimeNs : this.#lastNs
    this.#lastNs = uptimeNs
    if (changing.test(type)) this.#changedNs = uptimeNs
    this.#knowledge.patchedObjects.told(type, data)
    const id = eventId(this.#stream, type, this.#count(type, item), item.ownNs, item.raw)
    const wallNs = this.#bootTimeNs === null ? null : this.#bootTimeNs + uptimeNs
    // One literal shape for all types: spreading the parts costs more than all else that is done with it here.
    this.#told.push({ type, data, id, uptimeNs, wallNs, evidence: evidenceOf(item, inferred) } as NewEvent)
  }

  /** The kernel's rules show that evidence is missing before this line. */
  tellHole(reason: string, item: Item): void {
    if (this.#knowledge.isDoubted) return
    this.#knowledge.isDoubted = true
    this.tell('evidence.lost', { count: null, reason }, item, true)
  }

  /** When what was told last changed the state: a snapshot that was read across it proves nothing. */
  get changedNs(): bigint {
    return this.#changedNs
  }

  /** Everything told since the last call. */
  take(): NewEvent[] {
    const told = this.#told
    this.#told = []
    return told
  }

  /** Who did it: the task of the line, and the command that was running. Null when neither is known. */
  actor(task: TaskRef | null, item: Item): Actor | null {
    const command = this.#knowledge.commandAt(item.uptimeNs)
    if (task === null && command === null) return null
    return { pid: task?.pid ?? null, comm: task?.comm ?? null, uid: null, auid: null, command }
  }

  /** Several facts of one type from one line are told apart by their number. */
  #count(type: string, item: Item): number {
    if (this.#nthItem !== item) {
      this.#nthItem = item
      this.#nth = new Map()
    }
    const nth = this.#nth.get(type) ?? 0
    this.#nth.set(type, nth + 1)
    return nth
  }
}

function evidenceOf({ source, line, raw, latin1 }: Item, inferred: boolean): Evidence {
  if (!latin1 && !inferred) return { source, line, raw }
  return { source, line, raw, ...(latin1 ? { latin1 } : {}), ...(inferred ? { inferred } : {}) }
}

/** The key under which a task's unfinished business is kept: its pid, or -1 where the evidence has none. */
export function pidOf(task: TaskRef | null): number {
  return task?.pid ?? -1
}
