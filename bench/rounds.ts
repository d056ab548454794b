import type { Machine } from './machine.ts'

/**
 * How much was done in a second of the clock, and in a second of the processor's time for this process, all
 * its threads together: that is what others cannot take from it.
 */
export interface Rate {
  readonly clock: number
  readonly processor: number
}

/** One side of a comparison: a round of work. */
export interface Contender {
  readonly name: string
  run(): Promise<Rate> | Rate
}

/** What each round gave, by contender. */
export class Rounds {
  readonly #rates = new Map<string, Rate[]>()

  add(name: string, rate: Rate): void {
    const rates = this.#rates.get(name)
    if (rates === undefined) this.#rates.set(name, [rate])
    else rates.push(rate)
  }

  median(name: string, by: keyof Rate = 'clock'): number {
    return median(this.#of(name, by))
  }

  /** The median of the ratios of each round, in which both sides met the same noise. */
  ratio(name: string, to: string, by: keyof Rate = 'clock'): number {
    const others = this.#of(to, by)
    return median(this.#of(name, by).map((value, round) => value / (others[round] as number)))
  }

  #of(name: string, by: keyof Rate): number[] {
    return (this.#rates.get(name) ?? []).map((rate) => rate[by])
  }
}

/**
 * Runs the contenders in turn, each round beginning with another one, so that noise hits all sides alike.
 * Before the first round that counts, `warmUps` do not.
 */
export async function interleave(
  contenders: readonly Contender[],
  count: number,
  machine: Machine,
  warmUps = 1
): Promise<Rounds> {
  const rounds = new Rounds()
  for (let round = -warmUps; round < count; round++) {
    machine.look()
    for (let turn = 0; turn < contenders.length; turn++) {
      const contender = contenders[(turn + round + warmUps) % contenders.length] as Contender
      const rate = await contender.run()
      if (round >= 0) rounds.add(contender.name, rate)
    }
  }
  machine.look()
  return rounds
}

/** Measures a piece of work that does something `count` times. */
export async function perSecond(count: number, work: () => unknown): Promise<Rate> {
  const stop = startClocks()
  await work()
  const { clockMs, processorMs } = stop()
  return { clock: (count / clockMs) * 1000, processor: (count / processorMs) * 1000 }
}

/** Starts both clocks; the function tells what has passed on them. */
export function startClocks(): () => { clockMs: number; processorMs: number } {
  const used = process.cpuUsage()
  const start = performance.now()
  return () => {
    const clockMs = performance.now() - start
    const { user, system } = process.cpuUsage(used)
    return { clockMs, processorMs: (user + system) / 1000 }
  }
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** The smallest value that so great a part of all values does not exceed. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const at = Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)
  return sorted[Math.max(0, at)] ?? Number.NaN
}
