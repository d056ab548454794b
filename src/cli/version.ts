import { readFileSync } from 'node:fs'

/** From our package.json, which is as far above the compiled file as above the source, but for `dist`. */
export function version(): string {
  for (const path of ['../../package.json', '../../../package.json']) {
    try {
      const { name, version: found } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as {
        name: string
        version: string
      }
      if (name === 'klplog') return found
    } catch {
      // Not there: look one directory further up.
    }
  }
  return 'unknown'
}
