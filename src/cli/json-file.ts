import { readFileSync } from 'node:fs'
import { InputError } from './errors.ts'

/** What a JSON file holds. @throws InputError when its text is no JSON */
export function readJson(path: string): unknown {
  return parseJson(path, readFileSync(path, 'utf8'))
}

/** @throws InputError when the text is no JSON */
export function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new InputError(`${path} is no JSON: ${why}`, 'Check the file.', { cause: error })
  }
}
