import { describe, expect, test } from 'vitest'
import { notes, uname } from '../../src/collectors/formats/plain-facts.ts'
import {
  accountsForEveryLine,
  fromRecordings,
  haveRecordings,
  readLines,
  readOne,
  reasonsIn,
  recordedFiles
} from './evidence-lines.ts'

const lab = 'Linux alpha 6.12.117-lab #1 SMP Mon Nov 23 08:57:31 UTC 2026 x86_64 GNU/Linux'

describe('uname -a', () => {
  test('tells the release and the host', () => {
    expect(readOne(uname, lab)).toEqual({
      line: 1,
      lines: 1,
      raw: lab,
      outcome: 'unrelated',
      about: { release: '6.12.117-lab', host: 'alpha' }
    })
  })

  test('tells no host where the kernel has no name for it', () => {
    const nameless =
      'Linux (none) 6.12.117+deb12-cloud-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.12.117-1~deb12u1 (2026-11-14)'
    expect(readOne(uname, nameless)).toMatchObject({ about: { release: '6.12.117+deb12-cloud-amd64' } })
    expect(readOne(uname, nameless)).not.toHaveProperty('about.host')
  })

  test('is not what other lines tell', () => {
    expect(readLines(uname, ['', 'Linux version 6.12.117-lab (gcc) #1 SMP'])).toMatchObject([
      { outcome: 'unrelated' },
      { outcome: 'rejected', reason: 'not a line of uname -a' }
    ])
    expect(uname.recognise([lab], 'x')).toBe(1)
    expect(uname.recognise(['[    0.000000] Linux version 6.12.117-lab'], 'uname.txt')).toBe(0)
  })
})

test('notes are known by their names alone', () => {
  for (const name of ['notes.md', 'a/b/busy.jsonl', 'hammer-A.jsonl', 'C:\\kernel-cmdline.txt']) {
    expect(notes.recognise([], name)).toBe(0.95)
  }
  for (const name of ['trace.txt', 'bpf.jsonl', 'my-notes.md', 'hammer-A.jsonl.gz']) {
    expect(notes.recognise(['# notes'], name)).toBe(0)
  }
})

const recorded = recordedFiles(
  /^(?:notes\.md|uname\.txt|kernel-cmdline\.txt|enabled_functions-end\.txt|hammer-.*\.jsonl|busy\.jsonl)$/
)

describe.runIf(haveRecordings)(fromRecordings, () => {
  test.each(recorded)('$path', ({ path, lines }) => {
    const format = path.endsWith('uname.txt') ? uname : notes
    const readings = readLines(format, lines)
    expect(readings).toHaveLength(lines.length)
    expect(reasonsIn(readings)).toEqual([])
    expect(format.recognise(lines.slice(0, 50), path)).toBeGreaterThan(0.9)
  })
})

accountsForEveryLine(uname, [lab, ''])
accountsForEveryLine(notes, ['# hyb-5-hybrid-hold', '{"v":1111,"from":1,"to":2,"n":3,"max_gap_ns":4}'])
