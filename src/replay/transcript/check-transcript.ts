import type { World } from '../../kernel/index.ts'
import { runSelftest } from './selftest.ts'
import type { SelftestModules } from './selftest-modules.ts'
import type { Transcript } from './selftest-ops.ts'

/** A transcript beside what the model predicts for its script. */
export interface TranscriptCheck {
  readonly lines: readonly string[]
  /** Modules whose own lines were taken from the transcript. */
  readonly echoed: readonly string[]
  /** The first line that differs, counted from 1; null stands for no line. */
  readonly difference: {
    readonly line: number
    readonly expected: string | null
    readonly predicted: string | null
  } | null
}

/** Runs a transcript's script, and says where the log that it predicts parts from the one that was expected. */
export function checkTranscript(
  transcript: Transcript,
  modules: SelftestModules,
  kernel: Pick<World, 'rules' | 'traits'>
): TranscriptCheck {
  const { lines, echoed } = runSelftest(transcript, modules, {
    ...kernel,
    modules: modules.specs,
    symbolCounts: new Map(),
    isErrorInjectable: () => false
  })
  const { expected } = transcript
  for (let n = 0; n < Math.max(lines.length, expected.length); n += 1) {
    if (lines[n] === expected[n]) continue
    const difference = { line: n + 1, expected: expected[n] ?? null, predicted: lines[n] ?? null }
    return { lines, echoed, difference }
  }
  return { lines, echoed, difference: null }
}
