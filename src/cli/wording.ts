import type { App } from './app.ts'

export {
  actorText,
  blockedText,
  countedAs,
  doing,
  durationText,
  functionText,
  hookPlace,
  milliseconds,
  splitFunction,
  stackText,
  taskText
} from '../projections/index.ts'

/** A status word behind its mark, on a terminal that can show it. */
export function marked({ io }: Pick<App, 'io'>, mark: '✓' | '✗' | '⧗', word: string): string {
  const locale = io.env.LC_ALL || io.env.LC_CTYPE || io.env.LANG || ''
  return io.stdout.isTTY === true && /utf-?8/i.test(locale) ? `${mark} ${word}` : word
}
