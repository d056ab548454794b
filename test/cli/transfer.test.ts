import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { textLines } from '../../src/cli/lines.ts'
import type { VerifyResult } from '../../src/events/index.ts'
import { answer, klplog, temporaryDirectory } from './command-line.ts'
import { recordingPath } from './recording-paths.ts'

const directory = temporaryDirectory()
const db = join(directory.path, 'log.db')
const paths = ['hyb-6f-nop-shadow', 'up-4a-embed-kprobe'].map(recordingPath)

beforeAll(async () => {
  const odd = join(directory.path, 'odd.txt')
  writeFileSync(odd, 'no record\u2028of ftrace\n\xff\n', 'latin1')
  for (const argv of [paths, [odd, '--format', 'ftrace', '--policy', 'mainline']]) {
    expect((await klplog(['ingest', ...argv, '--db', db])).exitCode).toBe(0)
  }
})
afterAll(() => directory.remove())

const verified = (path: string) => answer<VerifyResult>(['verify', '--db', path])

describe('export and import', () => {
  it('give the same log, through a file and through a pipe', async () => {
    const file = join(directory.path, 'log.jsonl')
    expect(await klplog(['export', file, '--db', db])).toEqual({ exitCode: 0, stdout: '', stderr: '' })
    const { stdout: piped } = await klplog(['export', '--db', db])
    expect(readFileSync(file, 'utf8')).toBe(piped)
    const copies = [
      { copy: join(directory.path, 'copy.db'), from: file, stdin: '' },
      { copy: join(directory.path, 'piped.db'), from: '-', stdin: piped }
    ]
    for (const { copy, from, stdin } of copies) {
      const { exitCode, stdout } = await klplog(['import', from, '--db', copy], { stdin })
      expect(exitCode).toBe(0)
      expect(stdout).toMatch(
        /^\d+ events in 3 commits, 3 of them new; 2 rejected lines\nhead [0-9a-f]{64}\n$/
      )
      expect(await verified(copy)).toEqual(await verified(db))
      expect((await klplog(['export', '--db', copy])).stdout).toBe(piped)
      expect((await klplog(['import', from, '--db', copy], { stdin })).stdout).toContain(', 0 of them new')
      for (const question of [['streams'], ['rejected'], ['stack', '--stream', 'hyb']]) {
        const asked = await klplog([...question, '--db', copy])
        expect(asked).toEqual(await klplog([...question, '--db', db]))
      }
    }
  })

  it('reads lines as they were written, however they come in pieces', async () => {
    const pieces = fc.array(fc.uint8Array({ min: 1, max: 9 }).map((sizes) => [...sizes]))
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'binary' })), pieces, async (texts, sizes) => {
        const lines = texts.map((text) => text.replaceAll('\n', '\u2028'))
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''))
        const chunks: Uint8Array[] = []
        let at = 0
        for (const size of sizes.flat()) {
          chunks.push(bytes.subarray(at, at + size))
          at += size
        }
        chunks.push(bytes.subarray(at))
        const read: string[] = []
        for await (const line of textLines(asStream(chunks))) read.push(line)
        expect(read).toEqual(lines)
      })
    )
  })
})

async function* asStream(chunks: readonly Uint8Array[]) {
  yield* chunks
}

describe('klplog verify', () => {
  it('prints the head, which the log must still have later', async () => {
    const { stdout } = await klplog(['verify', '--db', db])
    const head = /^ok: \d+ events in 3 commits\nhead ([0-9a-f]{64})\n$/.exec(stdout)?.[1] ?? ''
    const grown = join(directory.path, 'grown.db')
    await klplog(['import', '-', '--db', grown], { stdin: (await klplog(['export', '--db', db])).stdout })
    await klplog(['ingest', recordingPath('up-3-replace'), '--db', grown])
    const later = await klplog(['verify', '--head', head, '--db', grown])
    expect(later.exitCode).toBe(0)
    expect(later.stdout).toContain(`${head} is commit 3`)
    const anew = join(directory.path, 'anew.db')
    await klplog(['ingest', ...paths.toReversed(), '--db', anew])
    const rewritten = await klplog(['verify', '--head', head, '--db', anew])
    expect(rewritten.exitCode).toBe(1)
    expect(rewritten.stdout).toContain(`rewritten: no commit has the digest ${head}`)
  })
})

describe('klplog rebuild', () => {
  it('changes no answer and no event', async () => {
    const ask = () => klplog(['stack', '--stream', 'hyb', '--at', '+25', '-j', '--db', db])
    const before = [await ask(), await verified(db)]
    const { exitCode, stdout, stderr } = await klplog(['rebuild', '--db', db])
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' })
    expect(stderr).toMatch(/^rebuilt from \d+ events\n$/)
    expect([await ask(), await verified(db)]).toEqual(before)
  })
})

describe('klplog rejected', () => {
  it('lists what was not understood, as text and as JSON', async () => {
    const { stdout } = await klplog(['rejected', '--db', db])
    expect(stdout).toMatch(/odd\.txt:1: .+\n {4}no record.*of ftrace\n/)
    const rows = await answer<{ line: number; raw: string; latin1?: boolean }[]>(['rejected', '--db', db])
    expect(rows).toMatchObject([{ line: 1 }, { line: 2, raw: 'ÿ', latin1: true }])
    const hybrid = await answer<unknown[]>(['rejected', '--host', 'hyb', '--db', db])
    expect(hybrid).toEqual([])
    expect(await answer<unknown[]>(['rejected', '--host', 'odd', '--db', db])).toEqual(rows)
  })
})
