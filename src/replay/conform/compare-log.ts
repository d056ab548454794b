import type { Difference } from './compare-facts.ts'

/** The kernel log, line by line: where the recorded and the predicted one first part. */
export function compareLog(
  recorded: readonly { readonly text: string; readonly evidence: string }[],
  predicted: readonly string[]
): Difference | null {
  for (let n = 0; n < Math.max(recorded.length, predicted.length); n += 1) {
    const line = recorded[n]
    const expected = predicted[n] ?? null
    if (line?.text === expected) continue
    return {
      mechanism: 'log',
      expected,
      observed: line?.text ?? null,
      evidence: line === undefined ? [] : [line.evidence]
    }
  }
  return null
}
