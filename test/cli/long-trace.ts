import { readFileSync } from 'node:fs'

const time = /(?<= )(\d+)\.(\d{6})(?=: )/

/** A trace again and again, each time later than before: a long boot in which the same things happen. */
export function longTrace(path: string, times: number): string {
  const lines = readFileSync(path, 'latin1').split('\n')
  const header = lines.filter((line) => line.startsWith('#'))
  const records = lines.filter((line) => time.test(line))
  const at = records.map(microseconds)
  const spanUs = Math.max(...at) - Math.min(...at) + 1_000_000
  const all = [...header]
  for (let n = 0; n < times; n++) {
    for (const line of records) {
      const us = String(microseconds(line) + n * spanUs)
      all.push(line.replace(time, `${us.slice(0, -6)}.${us.slice(-6)}`))
    }
  }
  return `${all.join('\n')}\n`
}

function microseconds(line: string): number {
  const [, whole = '0', fraction = '0'] = time.exec(line) ?? []
  return Number(whole) * 1_000_000 + Number(fraction)
}
