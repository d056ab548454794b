import type { EventData } from '../../events/index.ts'
import type { Difference } from './compare-facts.ts'

/** What only dynamic debug prints. */
const debugLine = /(?:initializing|completing|canceling|reversing) |klp_try_switch_task/

/**
 * The kernel log, line by line: where the recorded and the predicted one first part. Without any debug line in
 * the recorded one, dynamic debug was off, and none is expected.
 */
export function compareLog(
  recorded: readonly { readonly text: string; readonly evidence: string }[],
  printed: readonly EventData<'kernel.printed'>[]
): Difference | null {
  const hasDebug = recorded.some(({ text }) => debugLine.test(text))
  const predicted = printed.filter(({ level }) => hasDebug || level !== 'debug').map(({ message }) => message)
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
