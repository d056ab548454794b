import type { Observation, Reading } from '../observation.ts'
import { type Outcome, unrelated } from './held-lines.ts'

/** When and where a line of the kernel log was written, as far as its format tells. */
export type LogTime = Omit<
  Extract<Reading, { outcome: 'observed' }>,
  'line' | 'lines' | 'raw' | 'latin1' | 'outcome' | 'observations'
>

/**
 * Whether a line can matter to the livepatch story: livepatch's own, `taint…`, `…refusing…`, and whatever
 * names a patch, such as a callback's `lp_hook: pre_patch vmlinux` (or `pre_patch_callback:`, as the
 * kernel's selftests print it). The boot parameters are printed again and again and report nothing.
 */
export function concernsPatches(message: string): boolean {
  return /(?:^|[^s])patch|taint|refusing/i.test(message) && !/command line/i.test(message)
}

/** What a line of the kernel log states; `lost` are notes of lines missing before it. */
export function kernelLine(message: string, time: LogTime, lost: readonly Observation[] = []): Outcome {
  const told = concernsPatches(message) ? [...lost, { kind: 'printk' as const, message }] : lost
  if (told.length > 0) return { outcome: 'observed', ...time, observations: told }
  const release = /^Linux version (\S+)/.exec(message)?.[1]
  if (release === undefined) return unrelated
  const { host } = time
  return { outcome: 'unrelated', about: host === undefined ? { release } : { release, host } }
}

/** The caller that a kernel with CONFIG_PRINTK_CALLER names: `[  T123]` a task, `[    C1]` a processor. */
export const callerPattern = String.raw`(?:\[ *[TC]\d+\] ?)`

const timePrefix = new RegExp(String.raw`^\[ *\d{1,11}\.\d{1,9}\] ?${callerPattern}?`)

/** The message of a printk:console record: kernels before 5.10 print it with its own time in front. */
export function withoutPrintkTime(text: string): string {
  return text.charCodeAt(0) === 91 ? text.replace(timePrefix, '') : text
}
