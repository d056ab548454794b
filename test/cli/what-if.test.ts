import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { booted, enabled, patched } from '../projections/hand-made.ts'
import { type Asked, askHistory, askRecording } from './asked.ts'
import { temporaryDirectory } from './command-line.ts'

const example = fileURLToPath(new URL('../../examples/hook-in-a-patch-of-its-own.json', import.meta.url))
const directory = temporaryDirectory()
afterAll(() => directory.remove())

function file(name: string, content: unknown): string {
  const path = join(directory.path, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

describe('klplog what-if', () => {
  let embed: Asked
  let shadow: Asked
  beforeAll(async () => {
    embed = await askRecording('up-4a-embed-kprobe')
    shadow = await askRecording('hyb-6f-nop-shadow')
  }, 60_000)
  afterAll(() => Promise.all([embed.dispose(), shadow.dispose()]))

  test('says the claim of the RFC as a number: the gaps on mainline, none on hybrid', async () => {
    const text = await embed.print(`what-if --policy hybrid --with ${example}`)
    expect(text).toContain(
      'What if up-4a-embed-kprobe/0 had run hybrid in place of mainline, with lp_hook, lp_embed_v1, lp_embed_v2?'
    )
    expect(text).toContain('attach ov1 to lp_embed_v1:lp_embed_v1_getpgrp')
    expect(text).toContain('now on lp_hook:lp_hook_getpgrp')
    expect(text).toContain('ov2 after 93.176 ms')
    expect(text).toMatch(/^recorded, mainline: 4 gaps, 19413\.994 ms in all$/m)
    expect(text).toMatch(/^what if, hybrid: no gap$/m)
  })

  test('of the recorded policy differs in nothing', async () => {
    const text = await embed.print('what-if --policy mainline')
    expect(text).toContain('Nothing differs.')
    expect(text).toMatch(/^what if, mainline: 4 gaps, 19413\.994 ms in all$/m)
  })

  test('says where two histories part, and which program never came', async () => {
    const text = await shadow.print('what-if --policy replace-set')
    expect(text).toContain('lp_hook is not replaceable: given the replace set 1 of its own')
    expect(text).toContain('They part at +18.896739, insmod lp_hook;')
    expect(text).toContain('what if:  refused with EINVAL (22)')
    expect(text).toContain('attach ov to lp_hook:lp_hook_getpgrp is refused in the what-if: ENOENT')
    expect(text).toMatch(/^what if, replace-set: no gap$/m)
  })

  test('takes the calls of one task', async () => {
    const { gaps } = JSON.parse(await shadow.print('what-if --policy hybrid --task 226 -j')) as {
      gaps: Record<'recorded' | 'whatIf', { task: number; fromNs: string }[]>
    }
    expect(gaps.whatIf).toEqual(gaps.recorded)
    expect(gaps.whatIf).toMatchObject([{ task: 226, fromNs: '21306880000' }])
  })

  test.each<[what: string, line: () => string, exitCode: number, text: string]>([
    ['nothing to change', () => 'what-if', 2, 'nothing is to be otherwise'],
    ['a module that was not loaded', () => 'what-if --without lp_x', 2, 'does not load it'],
    ['no such stream', () => 'what-if --policy hybrid --stream x', 2, 'no stream fits --stream x'],
    ['no file', () => 'what-if --with /nonexistent.json', 3, '/nonexistent.json does not exist'],
    ['no JSON', () => `what-if --with ${file('a.json', '{')}`, 3, 'is no JSON'],
    ['no modules', () => `what-if --with ${file('b.json', {})}`, 3, 'has no module in it'],
    ['no manifest', () => `what-if --with ${file('c.json', { lp: { objects: 1 } })}`, 3, 'lp.objects'],
    [
      'a moment that is none',
      () => `what-if --with ${file('d.json', { lp: { objects: [], loaded_before: 'lp_x' } })}`,
      2,
      'lp is to be loaded before lp_x'
    ]
  ])('asked for %s says what is wrong', async (_what, line, exitCode, text) => {
    const outcome = await embed.run(line())
    expect(outcome.stderr).toContain(text)
    expect(outcome.stderr).toMatch(/^klplog: .+\n( {2}.+\n)+$/)
    expect(outcome).toMatchObject({ exitCode, stdout: '' })
  })

  test('of a kernel whose policy nobody told says so', async () => {
    const asked = await askHistory([enabled(10, 'old', ['f']), ...patched(11, 'old')])
    expect(await asked.run('what-if --policy hybrid')).toMatchObject({ exitCode: 2, stdout: '' })
    await asked.dispose()
  })

  test('of a history with a loss, or of a module that nothing describes, is unsure', async () => {
    const asked = await askHistory([
      booted('mainline'),
      [5, 'module.loaded', { module: 'odd', livepatch: true, actor: null }],
      [9, 'evidence.lost', { count: 2, reason: 'overrun' }]
    ])
    const { unsure } = JSON.parse(await asked.print('what-if --policy hybrid -j')) as { unsure: string }
    expect(unsure).toContain('overrun')
    expect(unsure).toContain('nothing tells what odd changes')
    await asked.dispose()
  })
})
