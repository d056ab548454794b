import type { HookKind } from '../../events/index.ts'
import { placeOf } from './hook-attach.ts'
import type { AttachIntent } from './knowledge.ts'

/** `attach NAME KIND SYMBOL VALUE [FILTER]`: a loader's command line, as a command journal has it. */
const command = /^attach (\S+) (\S+) (\S+)(?: (-?\d+))?(?: (\S+))?/

/** `attach NAME (KIND) to SYMBOL, override VALUE`: the same in words, as a step mark has it. */
const words = /^attach (\S+) \(([^)]*)\) to (\S+?)(?:, override (-?\d+))?$/

/** What a loader says that it is about to attach; null when the text is no such announcement. */
export function attachIntent(text: string): { program: string; intent: AttachIntent } | null {
  const match = words.exec(text) ?? command.exec(text)
  if (match === null) return null
  const [, program = '', loaderKind = '', symbol = '', value, filter] = match
  const kind = hookKindOf(loaderKind)
  if (kind === null) return null
  const [, , traced] = loaderKind.split(':')
  const place = placeOf(symbol)
  const overrides = value === undefined ? null : value !== '0'
  return {
    program,
    intent: {
      kind,
      module: place.module ?? traced ?? null,
      function: place.function,
      overrides,
      overrideValue: overrides === true ? (value ?? null) : null,
      filter: filter ?? null
    }
  }
}

/** A loader's word for a kind, such as `kprobe-ioctl`, `multi`, `fentry:BTF-ID:MODULE`. */
export function hookKindOf(word: string | null): HookKind | null {
  const head = /^[a-z_]+/.exec(word ?? '')?.[0]
  if (head === 'multi' || head === 'kprobe_multi') return 'kprobe_multi'
  return head === 'kprobe' || head === 'fentry' || head === 'fexit' || head === 'fmod_ret' ? head : null
}
