import { expect, test } from 'vitest'
import type { EvidenceFormat } from '../../src/collectors/observation.ts'
import { readLines } from './evidence-lines.ts'

/** Lines that punish a pattern that tries again and again. */
const hugeLines: readonly string[] = [
  'a'.repeat(1_000_000),
  ' '.repeat(1_000_000),
  '-1 '.repeat(300_000),
  '"'.repeat(500_000),
  '['.repeat(500_000),
  '{"type":'.repeat(100_000),
  '9'.repeat(1_000_000),
  `[    1.000000] ${'x'.repeat(1_000_000)}`,
  `{"type": "printf", "data": "${'1 klp_x a=b\\n'.repeat(20_000)}"}`,
  `6,1,1,-;${'\\x0a'.repeat(200_000)}`,
  `            sh-1       [000] .....     1.000000: x: (f+0x0/0x1)${' a="b"'.repeat(10_000)}`,
  `            sh-1       [000] .....     1.000000: x: (f+0x0/0x1)${' a=b'.repeat(15_000)}`,
  `            sh-1       [000] .....     1.000000: x: (f+0x0/0x1) a="${'" '.repeat(30_000)}`
]

/** No line, however long, makes a reader throw, lose it, or work for longer than its length asks for. */
export function survivesHugeLines(format: EvidenceFormat, around: string): void {
  test(`${format.name} takes huge lines in its stride`, () => {
    const began = performance.now()
    for (const line of hugeLines) {
      const readings = readLines(format, [around, line, around])
      expect(readings.reduce((sum, reading) => sum + reading.lines, 0)).toBe(3)
      expect(format.recognise([line], line)).toBeLessThanOrEqual(1)
    }
    expect(performance.now() - began).toBeLessThan(10_000)
  })
}
