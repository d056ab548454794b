import type { Histories } from './histories.ts'
import type { Contention, Machine } from './machine.ts'

/** What a section needs to run. */
export interface Bench {
  /** Small numbers: to see that it runs, not to learn anything. */
  readonly quick: boolean
  /** Gone afterwards; on a real disk, since durability is part of what is measured. */
  readonly directory: string
  readonly machine: Machine
  readonly histories: Histories
}

/** A claim about a number. */
export interface Target {
  /** As a person reads it: `>= 0.85 of the floor`. */
  readonly text: string
  readonly held: boolean
  /** Whether it holds by the processor's time; null where waiting for the disk is part of the claim. */
  readonly heldByProcessor: boolean | null
}

/** A line of the table. Null: there is nothing to compare with. */
export interface Row {
  readonly what: string
  readonly unit: string
  readonly ours: number
  readonly floor: number | null
  readonly emmett: number | null
  /** Ratios of rates, medians over rounds: above 1 klplog is the faster one. */
  readonly ofFloor: number | null
  readonly ofEmmett: number | null
  readonly targets: readonly Target[]
}

export interface Section {
  readonly name: string
  run(bench: Bench): Promise<Row[]>
}

export interface SectionResult {
  readonly section: string
  readonly seconds: number
  readonly contention: Contention
  readonly rows: readonly Row[]
}

/** A row with nothing but klplog's own number. */
export function plainRow(what: string, unit: string, ours: number, more: Partial<Row> = {}): Row {
  return { what, unit, ours, floor: null, emmett: null, ofFloor: null, ofEmmett: null, targets: [], ...more }
}

export function atLeast(limit: number, of: string, value: number, byProcessor?: number): Target {
  const holds = (one: number) => one >= limit
  return target(`>= ${limit.toLocaleString('en')} ${of}`, holds, value, byProcessor)
}

export function atMost(limit: number, of: string, value: number, byProcessor?: number): Target {
  const holds = (one: number) => one <= limit
  return target(`<= ${limit.toLocaleString('en')} ${of}`, holds, value, byProcessor)
}

function target(
  text: string,
  holds: (value: number) => boolean,
  value: number,
  byProcessor?: number
): Target {
  const heldByProcessor = byProcessor === undefined ? null : holds(byProcessor)
  return { text, held: holds(value), heldByProcessor }
}
