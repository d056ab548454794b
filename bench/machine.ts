import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { median } from './rounds.ts'

const spinMs = 20

/** Syncs in a look; the middle one counts, since a disk has its moods even when nobody else uses it. */
const syncs = 7

/** Below this part of its best speed the core, or the disk, counts as busy with something else. */
const coreBusyBelow = 0.85
const diskBusyBelow = 0.5

/** How much of the machine there was while something was measured: parts of the best that was ever seen. */
export interface Contention {
  readonly looks: number
  readonly busyLooks: number
  readonly core: { readonly median: number; readonly worst: number }
  readonly disk: { readonly median: number; readonly worst: number }
  /** One look in five found it busy: read the section's numbers with care. */
  readonly disturbed: boolean
}

/** Watches what others leave of a shared machine, by a short spin loop and a few syncs of one page. */
export class Machine {
  readonly #file: number
  readonly #page = Buffer.alloc(4096)
  readonly #best = { core: 0, disk: 0 }
  #looks: { core: number; disk: number }[] = []

  constructor(directory: string) {
    this.#file = openSync(join(directory, 'machine'), 'w')
    for (let n = 0; n < 25; n++) this.look()
    this.#looks = []
  }

  look(): void {
    const seen = { core: spin(spinMs), disk: this.#sync() }
    this.#best.core = Math.max(this.#best.core, seen.core)
    this.#best.disk = Math.max(this.#best.disk, seen.disk)
    this.#looks.push(seen)
  }

  /** What was seen since the last call. */
  contention(): Contention {
    const core = this.#looks.map((look) => look.core / this.#best.core)
    const disk = this.#looks.map((look) => look.disk / this.#best.disk)
    this.#looks = []
    const busyLooks = core.filter(
      (share, n) => share < coreBusyBelow || (disk[n] as number) < diskBusyBelow
    ).length
    return {
      looks: core.length,
      busyLooks,
      core: { median: median(core), worst: Math.min(...core) },
      disk: { median: median(disk), worst: Math.min(...disk) },
      disturbed: busyLooks * 5 > core.length
    }
  }

  close(): void {
    closeSync(this.#file)
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
