import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { withRealOutput } from './support/console-blocks.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const path = join(root, 'README.md')

// Some twenty commands, one after the other, each a process of its own.
test('every output in the README is really printed', { timeout: 600_000 }, () => {
  const readme = readFileSync(path, 'utf8')
  const real = withRealOutput(readme, root)
  // `README=refresh npx vitest run test/readme.test.ts` writes what is printed now; read it before committing.
  if (process.env.README === 'refresh') writeFileSync(path, real)
  else expect(readme).toBe(real)
})
