import type { Machine } from './machine.ts'

/** One side of a comparison: a round of work, and how much of it was done in a second. */
export interface Contender {
  readonly name: string
  run(): Promise<number> | number
}

/** What each round gave, by contender. */
export class Rounds {
  readonly #values = new Map<string, number[]>()

  add(name: string, value: number): void {
    const values = this.#values.get(name)
    if (values === undefined) this.#values.set(name, [value])
    else values.push(value)
  }

  of(name: string): readonly number[] {
    return this.#values.get(name) ?? []
  }

  median(name: string): number {
    return median(this.of(name))
  }

  /** The median of the ratios of each round, in which both sides met the same noise. */
  ratio(name: string, to: string): number {
    const others = this.of(to)
    return median(this.of(name).map((value, round) => value / (others[round] as number)))
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
      const value = await contender.run()
      if (round >= 0) rounds.add(contender.name, value)
    }
  }
  machine.look()
  return rounds
}

/** How many of `count` were done in a second. */
export async function perSecond(count: number, work: () => unknown): Promise<number> {
  const start = performance.now()
  await work()
  return (count / (performance.now() - start)) * 1000
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
