import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'

/** The table of rooms and doors: which rooms a room may enter. */
const mayEnter: Readonly<Record<string, readonly string[]>> = {
  'src/events': ['migrations'],
  'src/projections': ['src/events'],
  'src/kernel': ['src/events', 'src/projections'],
  'src/replay': ['src/events', 'src/projections', 'src/kernel'],
  'src/collectors': ['src/events'],
  'src/cli': ['src/events', 'src/projections', 'src/kernel', 'src/replay', 'src/collectors', 'migrations'],
  'src/server': ['src/events', 'src/projections', 'src/kernel', 'src/replay', 'src/collectors', 'migrations'],
  web: ['src/events', 'src/projections', 'src/kernel', 'src/replay', 'src/collectors', 'migrations'],
  migrations: []
}
const pureRooms = ['src/projections', 'src/kernel', 'src/replay']

/** What a room without clock, chance and environment may not write, and the rule that refuses it. */
const impure: readonly (readonly [source: string, rule: string])[] = [
  ['export const now = Date.now()', 'no-restricted-globals'],
  ['export const now = new Date()', 'no-restricted-globals'],
  ['export const now = performance.now()', 'no-restricted-globals'],
  ['export const home = process.env.HOME', 'no-restricted-globals'],
  ['export const home = globalThis.process.env.HOME', 'no-restricted-globals'],
  ['export const chance = Math.random()', 'no-restricted-properties'],
  ['export const { random } = Math', 'no-restricted-properties'],
  ["export { randomUUID } from 'node:crypto'", 'no-restricted-imports'],
  ["export * from 'node:crypto'", 'no-restricted-imports'],
  ["export { default } from 'better-sqlite3'", 'no-restricted-imports'],
  ["export { readFileSync } from 'node:fs'", 'no-nodejs-modules'],
  ["export { readFile } from 'node:fs/promises'", 'no-nodejs-modules'],
  ["export { readFileSync } from 'fs'", 'no-nodejs-modules'],
  ["export const fs = await import('node:fs')", 'no-nodejs-modules'],
  ["export { hostname } from 'node:os'", 'no-nodejs-modules'],
  ["export { env } from 'node:process'", 'no-nodejs-modules'],
  ["export { execFile } from 'node:child_process'", 'no-nodejs-modules']
]

/** What no room may write, and the rule that refuses it. */
const careless: readonly (readonly [what: string, source: string, rule: string])[] = [
  ['a floating promise', 'Promise.resolve(1)', 'no-floating-promises'],
  ['a promise that nobody awaits', '[1].forEach(async () => await Promise.resolve())', 'no-misused-promises'],
  ['an await of a number', 'export const one = await 1', 'await-thenable'],
  ['an import inside of a type', "export type T = import('./file.ts').T", 'consistent-type-imports'],
  ['a file of 261 lines', 'export {}\n'.repeat(261), 'max-lines'],
  ['a function of 71 lines', `export function f() {\n${'f()\n'.repeat(69)}}`, 'max-lines-per-function']
]

/** Files to lint, by their path in a copy of the layout; the linter sees them all in one run. */
const probes = new Map<string, string>()

function probe(folder: string, source: string): string {
  const path = `${folder}/probe-${probes.size}.ts`
  probes.set(path, `${source}\n`)
  return path
}

/** A file in `folder` that imports `target`. */
function importing(folder: string, target: string): string {
  return probe(folder, `export * from '${relative(folder, target)}'`)
}

/** Runs oxlint with this repository's configuration over the probes: the rules that refused each. */
function lint(): Map<string, readonly string[]> {
  const root = mkdtempSync(join(tmpdir(), 'klplog-rooms-'))
  try {
    for (const config of ['.oxlintrc.json', 'tsconfig.json']) copyFileSync(config, join(root, config))
    symlinkSync(join(process.cwd(), 'node_modules'), join(root, 'node_modules'))
    for (const [path, source] of probes) {
      mkdirSync(join(root, dirname(path)), { recursive: true })
      writeFileSync(join(root, path), source)
    }
    const oxlint = join('node_modules', '.bin', 'oxlint')
    const { stdout } = spawnSync(oxlint, ['--format=json', 'src', 'web', 'migrations'], {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 2 ** 26
    })
    const report = JSON.parse(stdout) as { diagnostics: { filename: string; code: string }[] }
    const refusals = new Map<string, string[]>()
    for (const { filename, code } of report.diagnostics) {
      const rule = code.replace(/^.*\((.*)\)$/, '$1')
      refusals.set(filename, [...(refusals.get(filename) ?? []), rule])
    }
    return refusals
  } finally {
    rmSync(root, { recursive: true })
  }
}

let refusals: Map<string, readonly string[]>
beforeAll(() => {
  refusals = lint()
})

/** True when the linter let the file import what it wanted. */
const admitted = (path: string): boolean => !(refusals.get(path) ?? []).includes('no-restricted-imports')

describe.each(Object.entries(mayEnter))('%s', (room, open) => {
  const others = Object.keys(mayEnter).filter((other) => other !== room)

  for (const [depth, folder] of [
    ['its own files', room],
    ['its folders', `${room}/inner`]
  ] as const) {
    const byDoor = others.map((other) => [other, importing(folder, `${other}/index.ts`)] as const)
    const byWindow = others.map((other) => importing(folder, `${other}/deep/file.ts`))
    const atHome = importing(folder, `${room}/other/file.ts`)

    it(`enters ${open.join(', ') || 'no other room'} from ${depth}, by the door only`, () => {
      const entered = byDoor.filter(([, path]) => admitted(path)).map(([other]) => other)
      expect(entered.toSorted()).toEqual(open.toSorted())
      expect(byWindow.filter(admitted)).toEqual([])
      expect(admitted(atHome)).toBe(true)
    })
  }
})

describe.each(pureRooms)('%s knows no clock, chance or environment', (room) => {
  const hash = probe(room, "export { createHash } from 'node:crypto'")
  it('but may hash', () => expect(refusals.get(hash)).toBeUndefined())

  for (const [source, rule] of impure) {
    const path = probe(room, source)
    it(source, () => expect(refusals.get(path)).toContain(rule))
  }
})

describe('every file of ours does without', () => {
  probes.set(
    'src/cli/here.ts',
    "import { there } from './there.ts'\nexport const here = (): unknown => there\n"
  )
  probes.set(
    'src/cli/there.ts',
    "import { here } from './here.ts'\nexport const there = (): unknown => here\n"
  )
  it('a cycle', () => expect(refusals.get('src/cli/here.ts')).toContain('no-cycle'))

  for (const [what, source, rule] of careless) {
    const path = probe('src/cli', source)
    it(what, () => expect(refusals.get(path)).toContain(rule))
  }
})
