import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { klplog, temporaryDirectory } from './command-line.ts'
import { reversedEnable } from './reversed-enable.ts'

const manifest = {
  lp_new: {
    livepatch: true,
    replace: true,
    replaceable: true,
    objects: [{ name: null, functions: [{ old: 'cmdline_proc_show', new: 'new_show' }] }],
    states: [],
    callbacks: false
  }
}

describe('klplog conform', () => {
  let directory: ReturnType<typeof temporaryDirectory>
  let trace: string
  let modules: string

  beforeEach(() => {
    directory = temporaryDirectory()
    trace = join(directory.path, 'trace.txt')
    modules = join(directory.path, 'modules.json')
    writeFileSync(trace, reversedEnable)
    writeFileSync(modules, JSON.stringify(manifest))
  })

  afterEach(() => directory.remove())

  test('explains an enable that was reversed, from a trace without debug lines', async () => {
    const said = await klplog(['conform', trace, modules, '--policy', 'mainline', '-o', 'json'])
    expect(JSON.parse(said.stdout)).toEqual([
      { recording: 'trace/0', policy: 'mainline', operations: 4, explained: 4, divergences: [] }
    ])
    expect(said.exitCode).toBe(0)
  })

  test('says where the first difference is, and exits with 1', async () => {
    writeFileSync(trace, reversedEnable.replaceAll('ret=-98', 'ret=0'))
    const said = await klplog(['conform', trace, modules, '--policy', 'mainline'])
    expect(said.stdout).toContain('expected: nop.discarded patch=lp_new')
    expect(said.exitCode).toBe(1)
  })

  test('asks for the policy where nothing tells it', async () => {
    const said = await klplog(['conform', trace, modules])
    expect(said.stderr).toContain('Give it with --policy')
    expect(said.exitCode).toBe(3)
  })

  test('asks for a manifest, without which nobody knows what a patch changes', async () => {
    const said = await klplog(['conform', trace, '--policy', 'mainline'])
    expect(said.stderr).toContain('no manifest says what its patches patch')
    expect(said.exitCode).toBe(3)
  })

  test('says what is wrong with a manifest', async () => {
    writeFileSync(modules, JSON.stringify({ lp_new: { ...manifest.lp_new, replace: 'yes' } }))
    const said = await klplog(['conform', trace, '--manifest', modules, '--policy', 'mainline'])
    expect(said.stderr).toContain('lp_new.replace')
    expect(said.exitCode).toBe(3)
  })
})
