import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { median } from './rounds.ts'

const spinMs = 20

/** Syncs in a look; the middle one counts, since a disk has its moods even when nobody else uses it. */
const syncs = 7

/** Enough to leave the caches. */
const copyBytes = 32 * 1024 * 1024

/** The parts of the machine, and below which part of its best speed each counts as busy with something else. */
const busyBelow = { core: 0.85, memory: 0.7, disk: 0.5 } as const
export type Part = keyof typeof busyBelow
const parts = Object.keys(busyBelow) as Part[]

/** How much of the machine there was while something was measured: parts of the best that was ever seen. */
export interface Contention {
  readonly looks: number
  readonly busyLooks: number
  readonly left: Readonly<Record<Part, { readonly median: number; readonly worst: number }>>
  /** One look in five found it busy: read the section's numbers with care. */
  readonly disturbed: boolean
}

/** Watches what others leave of a shared machine: a spin loop, a copy in memory, a few syncs of one page. */
export class Machine {
  readonly #file: number
  readonly #page = Buffer.alloc(4096)
  readonly #from = Buffer.alloc(copyBytes, 1)
  readonly #to = Buffer.alloc(copyBytes, 2)
  readonly #best: Record<Part, number> = { core: 0, memory: 0, disk: 0 }
  #looks: Record<Part, number>[] = []

  constructor(directory: string) {
    this.#file = openSync(join(directory, 'machine'), 'w')
    for (let n = 0; n < 25; n++) this.look()
    this.#looks = []
  }

  look(): void {
    const seen = { core: spin(spinMs), memory: this.#copy(), disk: this.#sync() }
    for (const part of parts) this.#best[part] = Math.max(this.#best[part], seen[part])
    this.#looks.push(seen)
  }

  /** What was seen since the last call. */
  contention(): Contention {
    const looks = this.#looks
    this.#looks = []
    const share = (look: Record<Part, number>, part: Part) => look[part] / this.#best[part]
    const left = (part: Part) => {
      const shares = looks.map((look) => share(look, part))
      return { median: median(shares), worst: Math.min(...shares) }
    }
    const busy = looks.filter((look) => parts.some((part) => share(look, part) < busyBelow[part]))
    return {
      looks: looks.length,
      busyLooks: busy.length,
      left: { core: left('core'), memory: left('memory'), disk: left('disk') },
      disturbed: busy.length * 5 > looks.length
    }
  }

  close(): void {
    closeSync(this.#file)
  }

  /** Copies in a second. */
  #copy(): number {
    const start = performance.now()
    this.#from.copy(this.#to)
    return 1000 / (performance.now() - start)
  }

  /** Syncs in a second. */
  #sync(): number {
    const times = Array.from({ length: syncs }, () => {
      const start = performance.now()
      writeSync(this.#file, this.#page, 0, this.#page.length, 0)
      fdatasyncSync(this.#file)
      return performance.now() - start
    })
    return 1000 / median(times)
  }
}

/** Rounds of a fixed piece of arithmetic in each ms. */
function spin(ms: number): number {
  const start = performance.now()
  let rounds = 0
  let state = 1
  let now = start
  do {
    for (let n = 0; n < 10_000; n++) state = Math.imul(state ^ (state >>> 15), state | 1) + n
    rounds += 1
    now = performance.now()
  } while (now - start < ms)
  // The state is used, so that no compiler may leave the loop out.
  return state === 0.5 ? 0 : rounds / (now - start)
}
