import type { EventData, EventType, NewEvent } from '../src/events/index.ts'
import type { Random } from './random.ts'
import { loader, type TraceTask, traceRecord } from './trace-record.ts'

/** Wall time at boot: a constant, so that runs are alike. */
const bootNs = 1_790_000_000_000_000_000n

/** Makes events of facts: gives them a time behind the one before, an id, and the line that proves them. */
export class Narrator {
  readonly #random: Random
  #told: NewEvent[] = []
  #uptimeNs = 5_000_000_000n
  #line = 12

  constructor(random: Random) {
    this.#random = random
  }

  /** One fact; `text` is what the trace prints for it, `task` whose record it is. */
  tell<T extends EventType>(type: T, data: EventData<T>, text: string, task: TraceTask = loader): void {
    this.#uptimeNs += BigInt(2 + this.#random.below(400)) * 1000n
    this.#line += 1 + this.#random.below(2)
    this.#told.push({
      type,
      data,
      id: this.#random.hex128(),
      uptimeNs: this.#uptimeNs,
      wallNs: bootNs + this.#uptimeNs,
      evidence: { source: 'trace.txt', line: this.#line, raw: traceRecord(task, this.#uptimeNs, text) }
    } as unknown as NewEvent)
  }

  /** Everything told since the last call. */
  told(): NewEvent[] {
    const told = this.#told
    this.#told = []
    return told
  }
}
