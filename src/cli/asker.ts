import { type Asker, utc, type Zone } from '../projections/index.ts'
import { wallTime } from './output.ts'

/** How options are typed on a command line. */
export const typed: Pick<Asker, 'option'> = { option: (name) => `--${name}` }

/** The command line as questions are asked through it: times without a zone are local, or in UTC. */
export function askerOf(nowNs: bigint, inUtc: boolean): Asker {
  return {
    ...typed,
    nowNs,
    zone: inUtc ? utc : local,
    wallTime: (ns) => wallTime(ns, { utc: inUtc })
  }
}

/** The time zone of the environment. */
const local: Zone = {
  epochSeconds: ([year, month, day], [hour, minute, second]) =>
    BigInt(new Date(year, month - 1, day, hour, minute, second).getTime() / 1000),
  dayAt: (ns) => {
    const date = new Date(Number(ns / 1_000_000n))
    return [date.getFullYear(), date.getMonth() + 1, date.getDate()]
  }
}
