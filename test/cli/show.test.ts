import { describe, expect, test } from 'vitest'
import type { NewEvent } from '../../src/events/index.ts'
import { STREAM } from '../projections/hand-made.ts'
import { askHistory, askRecording } from './asked.ts'

describe('klplog show', () => {
  test('an event, its data, and the line that it came from', async () => {
    const asked = await askRecording('hyb-6f-nop-shadow')
    const [{ position }] = JSON.parse(await asked.print('log --type hook.attached -o json')) as [
      { position: number }
    ]
    const text = await asked.print(`show @${position}`)
    const same = await asked.print(`show ${position}`)
    const json = JSON.parse(await asked.print(`show ${position} -o json`)) as Record<string, unknown>
    await asked.dispose()
    expect(text).toContain(
      'ov is attached to lp_hook:lp_hook_getpgrp (kprobe), may override the return value with 4242'
    )
    expect(text).toContain(`evidence  ${asked.directory}/trace.txt:`)
    expect(text).toContain('labctl-229')
    expect(text).toContain('"overrideValue": "4242"')
    expect(text).not.toContain('inferred')
    expect(same).toBe(text)
    expect(json).toMatchObject({
      position,
      type: 'hook.attached',
      evidence: { inferred: false, latin1: false, raw: expect.stringContaining('labctl-229') as unknown }
    })
  })

  test('says when an event is inferred, and when its line was no UTF-8', async () => {
    const asked = await askHistory([])
    const event: NewEvent = {
      type: 'patch.pinned',
      data: { patch: 'lp_a', by: 'lp_b' },
      id: '1'.padStart(32, '0'),
      uptimeNs: 5_000_000_000n,
      wallNs: 1_795_442_400_000_000_000n,
      evidence: { source: 'trace.txt', line: 7, raw: 'caf\u00e9', inferred: true, latin1: true }
    }
    await asked.log.append(STREAM, 'any', [event])
    const text = await asked.print('--utc show 1')
    await asked.dispose()
    expect(text).toContain('@1  2026-11-23 14:00:00.000000Z  +5.000000  patch.pinned')
    expect(text).toContain('evidence  trace.txt:7')
    expect(text).toContain("inferred: it follows from this line by the kernel's rules")
    expect(text).toContain('not UTF-8: shown one character a byte')
  })

  test.each([
    ['show 9999', 'there is no event @9999'],
    ['show @0', 'is no position'],
    ['show last', 'is no position']
  ])('%s is told why not', async (line, word) => {
    const asked = await askHistory([[1, 'patch.freed', { patch: 'lp_a' }]])
    const { exitCode, stderr } = await asked.run(line)
    await asked.dispose()
    expect(exitCode).toBe(2)
    expect(stderr).toContain(word)
  })
})
