import { z } from 'zod'
import type { LineReader } from '../observation.ts'
import { lineReading, longestLine, type Outcome, rejected, tooLong, unrelated } from './held-lines.ts'

/** A value that was asked for, or the reason why there is none. */
export type Attempt<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: string }

/** A whole number of any width, as a bigint: what JSON.parse would round, `parseJson` has kept. */
export const wholeNumber = z
  .custom<number | bigint>((number) => typeof number === 'bigint' || Number.isSafeInteger(number), {
    error: 'not a whole number'
  })
  .transform((number) => BigInt(number))

/** Nanoseconds of any clock: whole and not negative. */
export const nanoseconds = wholeNumber.refine((ns) => ns >= 0n, { error: 'a time before zero' })

/** A kernel address, written as `0x…` text or as a number, to `0x…` text. */
export const address = z
  .union([z.string().regex(/^0x[0-9a-f]+$/i, { error: 'not an address' }), wholeNumber], {
    error: 'not an address'
  })
  .transform((at) => (typeof at === 'string' ? at.toLowerCase() : `0x${at.toString(16)}`))

/** `symbol+0x…` when a probe is not at the function's very beginning. */
export function symbolAt(
  symbol: string | null | undefined,
  offset: bigint | null | undefined
): string | null {
  if (symbol === null || symbol === undefined || symbol === '') return null
  return offset ? `${symbol}+0x${offset.toString(16)}` : symbol
}

/**
 * JSON.parse, except that whole numbers which a double cannot hold come as bigints (bpftool prints kernel
 * addresses as plain numbers, far beyond 2^53). Never throws.
 */
export function parseJson(text: string): Attempt<unknown> {
  try {
    if (!/\d{16}/.test(text)) return { ok: true, value: JSON.parse(text) }
    return { ok: true, value: JSON.parse(markWideNumbers(text), (_key, value) => unmarked(value)) }
  } catch (error) {
    return {
      ok: false,
      reason: `cut or damaged JSON: ${error instanceof Error ? error.message : String(error)}`
    }
  }
}

const wideMark = '\u0000whole'

/** The text with every wide whole number wrapped in an object that `unmarked` turns into a bigint. */
function markWideNumbers(text: string): string {
  const pieces: string[] = []
  let copied = 0
  for (let at = 0; at < text.length; ) {
    const char = text.charAt(at)
    if (char === '"') {
      at = endOfString(text, at) ?? text.length
    } else if (char === '-' || isDigit(char)) {
      const end = endOfNumber(text, at)
      const token = text.slice(at, end)
      if (isWide(token)) {
        pieces.push(text.slice(copied, at), `{"\\u0000whole":"${token}"}`)
        copied = end
      }
      at = end
    } else {
      at++
    }
  }
  return pieces.join('') + text.slice(copied)
}

function unmarked(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || !Object.hasOwn(value, wideMark)) return value
  return BigInt((value as Record<string, string>)[wideMark] ?? '')
}

/**
 * Where the JSON string that begins at `start` ends, behind its closing quote; null when its line has none.
 */
export function endOfString(text: string, start: number): number | null {
  for (let at = start + 1; at < text.length; at++) {
    const char = text.charAt(at)
    if (char === '\n') return null
    if (char === '"') return at + 1
    if (char === '\\' && text.charAt(at + 1) !== '\n') at++
  }
  return null
}

function endOfNumber(text: string, start: number): number {
  let end = start + 1
  while (end < text.length && (isDigit(text.charAt(end)) || '.eE+-'.includes(text.charAt(end)))) end++
  return end
}

/**
 * A plain whole number that a double would round; what JSON itself forbids stays for JSON.parse to refuse.
 */
function isWide(token: string): boolean {
  return token.length < 400 && /^-?[1-9]\d{15,}$/.test(token) && !Number.isSafeInteger(Number(token))
}

function isDigit(char: string): boolean {
  return char >= '0' && char <= '9'
}

/** The value in its schema's shape, or which field is wrong and how (the first three). */
export function checked<T>(schema: z.ZodType<T>, value: unknown): Attempt<T> {
  const result = schema.safeParse(value)
  if (result.success) return { ok: true, value: result.data }
  return { ok: false, reason: result.error.issues.slice(0, 3).map(issueText).join('; ') }
}

function issueText(issue: z.core.$ZodIssue): string {
  const path = issue.path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('')
  return path === '' ? issue.message : `${path.replace(/^\./, '')}: ${issue.message}`
}

/**
 * Reads sources of one JSON object a line. A blank line is unrelated, a cut or foreign one is rejected with
 * what is wrong; `read` says what a line in the schema's shape means.
 */
export function jsonLines<T>(schema: z.ZodType<T>, read: (value: T) => Outcome): LineReader {
  return {
    push: (raw, line, latin1) => [lineReading(raw, line, latin1, outcomeOf(raw, schema, read))],
    end: () => []
  }
}

function outcomeOf<T>(raw: string, schema: z.ZodType<T>, read: (value: T) => Outcome): Outcome {
  if (raw.length > longestLine) return tooLong
  if (raw.trim() === '') return unrelated
  const parsed = parseJson(raw)
  if (!parsed.ok) return rejected(parsed.reason)
  const value = checked(schema, parsed.value)
  return value.ok ? read(value.value) : rejected(value.reason)
}

/** How many of the lines that are not blank are in the schema's shape, 0 to 1. */
export function shareInShape(head: readonly string[], schema: z.ZodType): number {
  return shareOf(head, (line) => {
    const parsed = parseJson(line)
    return parsed.ok && schema.safeParse(parsed.value).success
  })
}

/** How many of the lines that are not blank pass the test, 0 to 1; 0 when all are blank. */
export function shareOf(head: readonly string[], test: (line: string) => boolean): number {
  const lines = head.filter((line) => line.trim() !== '')
  return lines.length === 0 ? 0 : lines.filter(test).length / lines.length
}

/** The last part of a path, whichever slash it uses. */
export function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)
}
