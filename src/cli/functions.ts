import { isNamed, spanSubjects } from '../projections/index.ts'
import type { Question } from './question.ts'
import { functionText } from './wording.ts'

/** Says that a function was never patched in the stream, and which were; null when it was. */
export async function neverPatched({ log, stream }: Question, name: string): Promise<string | null> {
  const keys = await spanSubjects(log, stream.stream, 'function')
  if (keys.some((key) => isNamed(key, name))) return null
  const others = keys.length === 0 ? 'No function was.' : `These were: ${keys.map(functionText).join(', ')}.`
  return `${name} was never patched or hooked in ${stream.stream}. ${others}`
}
