import { describe, expect, test } from 'vitest'
import { manifest } from '../../src/collectors/formats/manifest.ts'
import type { Reading } from '../../src/collectors/observation.ts'
import {
  accountsForEveryLine,
  fromRecordings,
  haveRecordings,
  observationsIn,
  readLines,
  readOne,
  reasonsIn,
  recordedLines
} from './evidence-lines.ts'

const hook = {
  livepatch: true,
  replace: false,
  replaceable: false,
  objects: [{ name: null, functions: [{ old: '__x64_sys_getpgrp', new: 'lp_hook_getpgrp', returns: 1111 }] }],
  states: [{ id: 1, version: 2 }],
  callbacks: false
}
const busy = {
  livepatch: true,
  replace_set: 3,
  objects: [{ name: 'lp_target', functions: [{ old: 'lp_target_busy', new: 'lp_busy', sympos: 2 }] }]
}

const compact = (value: object) => [JSON.stringify(value)]
const pretty = (value: object) => JSON.stringify(value, null, 1).split('\n')
const linesOf = (patch: object) => pretty({ patch }).length - 2
const patchesIn = (readings: readonly Reading[]) =>
  observationsIn(readings).map((each) => (each.kind === 'manifest' ? each.patch : each.kind))

const lpHook = {
  name: 'lp_hook',
  livepatch: true,
  replace: false,
  replaceable: false,
  replaceSet: null,
  objects: [
    { name: 'vmlinux', functions: [{ name: '__x64_sys_getpgrp', sympos: 1, newName: 'lp_hook_getpgrp' }] }
  ],
  states: [{ id: 1, version: 2 }]
}
const lpBusy = {
  name: 'lp_busy',
  livepatch: true,
  replace: null,
  replaceable: null,
  replaceSet: 3,
  objects: [{ name: 'lp_target', functions: [{ name: 'lp_target_busy', sympos: 2, newName: 'lp_busy' }] }],
  states: []
}

describe('a manifest', () => {
  test('describes each patch, and what it does not say is null', () => {
    expect(readOne(manifest, ...compact({ lp_hook: hook, lp_busy: busy }))).toEqual({
      line: 1,
      lines: 1,
      raw: JSON.stringify({ lp_hook: hook, lp_busy: busy }),
      outcome: 'timeless',
      observations: [
        { kind: 'manifest', patch: lpHook },
        { kind: 'manifest', patch: lpBusy }
      ]
    })
  })

  test('may be one patch with its name inside', () => {
    for (const lines of [compact({ name: 'lp_hook', ...hook }), pretty({ ...hook, name: 'lp_hook' })]) {
      expect(patchesIn([readOne(manifest, ...lines)])).toEqual([lpHook])
    }
    expect(reasonsIn(readLines(manifest, compact({ name: 'lp_hook' })))[0]).toMatch(
      /^patch "lp_hook": objects: /
    )
  })

  test('with a line for each member has a reading for each patch', () => {
    const readings = readLines(
      manifest,
      pretty({ _note: 'by hand', lp_hook: hook, lp_target: { size: 1 }, lp_busy: busy })
    )
    expect(patchesIn(readings)).toEqual([lpHook, lpBusy])
    expect(readings.map(({ outcome, lines }) => `${lines} ${outcome}`)).toEqual([
      '1 unrelated',
      '1 unrelated',
      `${linesOf(hook)} timeless`,
      '3 unrelated',
      `${linesOf(busy)} timeless`,
      '1 unrelated'
    ])
  })

  test('takes sympos 0 and 1 both for the first, and no object name, or null, for vmlinux', () => {
    const functions = [{ old: 'a' }, { old: 'b', sympos: 0 }, { old: 'c', sympos: 1, new: null }]
    expect(patchesIn(readLines(manifest, compact({ x: { objects: [{ functions }] } })))).toEqual([
      {
        name: 'x',
        livepatch: true,
        replace: null,
        replaceable: null,
        replaceSet: null,
        objects: [
          {
            name: 'vmlinux',
            functions: ['a', 'b', 'c'].map((name) => ({ name, sympos: 1, newName: null }))
          }
        ],
        states: []
      }
    ])
  })
})

describe('a bad patch', () => {
  const bad = { ...hook, objects: [{ name: null, functions: [{ new: 'f' }, { old: 'g', sympos: -1 }] }] }

  test('costs its own lines, and the reason names the patch and the field', () => {
    const readings = readLines(manifest, pretty({ lp_hook: hook, lp_bad: bad, lp_busy: busy }))
    expect(patchesIn(readings)).toEqual([lpHook, lpBusy])
    expect(reasonsIn(readings)).toEqual([
      expect.stringMatching(
        /^patch "lp_bad": objects\[0\]\.functions\[0\]\.old: .*; objects\[0\]\.functions\[1\]\.sympos: /
      )
    ])
  })

  test('on the same line as good ones is told beside them, with no line of its own', () => {
    const readings = readLines(manifest, compact({ lp_hook: hook, lp_bad: bad, lp_worse: 5, lp_busy: busy }))
    expect(readings).toMatchObject([
      { line: 1, lines: 1, outcome: 'timeless' },
      { line: 1, lines: 0, outcome: 'rejected' },
      { line: 1, lines: 0, outcome: 'rejected' }
    ])
    expect(reasonsIn(readings)).toEqual([
      expect.stringMatching(/^patch "lp_bad": objects/),
      expect.stringMatching(/^patch "lp_worse": /)
    ])
    expect(patchesIn(readings)).toEqual([lpHook, lpBusy])
  })

  test('may be no JSON at all', () => {
    const lines = pretty({ lp_hook: hook, lp_bad: { replace: true }, lp_busy: busy })
    const at = lines.findIndex((line) => line.includes('"replace": true'))
    for (const damage of ['  "replace": yes', '  "replace": "yes', '  "replace" true,']) {
      const readings = readLines(manifest, lines.with(at, damage))
      expect(patchesIn(readings)).toEqual([lpHook, lpBusy])
      expect(reasonsIn(readings)).toEqual([expect.stringMatching(/^patch "lp_bad": cut or damaged JSON/)])
    }
  })

  test('is one that is described twice, which JSON itself lets pass', () => {
    const text = `{\n"lp_hook": ${JSON.stringify(hook)},\n"lp_hook": ${JSON.stringify(busy)}\n}`
    expect(reasonsIn(readLines(manifest, text.split('\n')))).toEqual(['patch "lp_hook": described twice'])
  })

  test('is the last one of a cut file; and a file that is cut between two says so', () => {
    const lines = pretty({ lp_hook: hook, lp_busy: busy })
    const readings = readLines(manifest, lines.slice(0, -5))
    expect(patchesIn(readings)).toEqual([lpHook])
    expect(reasonsIn(readings)).toEqual([expect.stringMatching(/^patch "lp_busy": /)])
    expect(reasonsIn(readLines(manifest, lines.slice(0, 1 + linesOf(hook))))).toEqual([
      expect.stringMatching(/^patches may be missing: /)
    ])
  })

  test('is no reason to take something else for a manifest', () => {
    expect(reasonsIn(readLines(manifest, ['hello', '[{"name":"x"}]', '{"lp_x":1}']))).toEqual([
      'not part of a JSON object',
      'a list, not an object of patches',
      expect.stringMatching(/^patch "lp_x": /)
    ])
  })
})

test('is recognised by its fields', () => {
  expect(manifest.recognise(pretty({ lp_hook: hook }), 'modules.json')).toBe(0.9)
  expect(
    manifest.recognise(['{"type":"patch.enabled","data":{"objects":[{"functions":[{"name":"f"}]}]}}'], 'x')
  ).toBe(0.3)
  expect(manifest.recognise(['{"op":"counters"}'], 'modules.json')).toBe(0)
})

describe.runIf(haveRecordings)(fromRecordings, () => {
  test('modules.json', () => {
    const lines = haveRecordings ? recordedLines('modules.json') : []
    const readings = readLines(manifest, lines)
    // One space of indent is a key of the file, three are one of a module's.
    const keys = lines.filter((line) => /^ "[^_]/.test(line)).map((line) => line.split('"')[1])
    expect(reasonsIn(readings)).toEqual([])
    expect(patchesIn(readings).map((patch) => (typeof patch === 'string' ? patch : patch.name))).toEqual(keys)
    expect(readings.reduce((sum, reading) => sum + reading.lines, 0)).toBe(lines.length)
    expect(manifest.recognise(lines.slice(0, 50), 'modules.json')).toBe(0.9)
  })
})

accountsForEveryLine(manifest, [
  ...pretty({ _note: 'by hand', lp_hook: hook, lp_busy: busy }),
  ...compact({ lp_hook: hook, lp_worse: 5 }),
  ...compact({ name: 'lp_busy', ...busy })
])
