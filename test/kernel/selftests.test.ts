import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { linux72, mainline, type PolicyRules, replaceSet } from '../../src/kernel/index.ts'
import { runSelftest } from '../../src/replay/transcript/selftest.ts'
import { readSelftestModules, type SelftestModules } from '../../src/replay/transcript/selftest-modules.ts'
import { readTranscript, type Transcript } from '../../src/replay/transcript/selftest-ops.ts'
import { callbackTranscripts } from './callback-transcripts.ts'
import { fileTranscripts, replaceSetTranscripts } from './file-transcripts.ts'
import { ownModules } from './own-test-modules.ts'

const folder = join(dirname(fileURLToPath(import.meta.url)), '../../../shared/selftests')
const here = existsSync(folder)

/** The one test of an API that is not modelled: its module's own lines are echoed. */
const echoedFiles = ['test-shadow-vars.sh__1.json']

function run(transcript: Transcript, modules: SelftestModules, rules: PolicyRules) {
  return runSelftest(transcript, modules, {
    rules,
    traits: linux72,
    modules: modules.specs,
    symbolCounts: new Map(),
    isErrorInjectable: () => false
  })
}

function json(path: string): unknown {
  return JSON.parse(readFileSync(join(folder, path), 'utf8'))
}

const files = here
  ? (readdirSync(folder, { recursive: true }) as string[]).filter((path) => /__\d+\.json$/.test(path)).sort()
  : []

describe("the kernel's own selftests", () => {
  if (!here) console.log(`the transcripts are not at ${folder}: only our own cases run`)

  it.each(files)('%s', (path) => {
    const modules = readSelftestModules(json('modules.json'))
    const transcript = readTranscript(json(path))
    const rules = transcript.isReplaceSet ? replaceSet : mainline
    const { lines, echoed } = run(transcript, modules, rules)
    expect(lines).toEqual(transcript.expected)
    expect(echoed.length > 0).toBe(echoedFiles.includes(path))
  })

  it.runIf(here)('are all there, and few are echoed', () => {
    expect(files.length).toBeGreaterThanOrEqual(25)
    expect(files.filter((path) => echoedFiles.includes(path))).toHaveLength(1)
  })
})

describe('what the selftests ask besides', () => {
  it.each([...callbackTranscripts, ...fileTranscripts].map((one) => [one.test, one] as const))(
    '%s',
    (_, transcript) => {
      expect(run(transcript, ownModules, mainline).lines).toEqual(transcript.expected)
    }
  )

  it.each(replaceSetTranscripts.map((one) => [one.test, one] as const))(
    'replace-set: %s',
    (_, transcript) => {
      expect(run(transcript, ownModules, replaceSet).lines).toEqual(transcript.expected)
    }
  )
})

describe('a script on the model', () => {
  const said = (...ops: object[]) =>
    run(readTranscript({ test: 'a test', ops, expected_dmesg: [] }), ownModules, mainline).lines

  it('says what is not as the script wants it', () => {
    const lines = said(
      { op: 'load_lp', mod: 'lp_tea' },
      { op: 'load_failing_mod', mod: 'lp_sugar' },
      { op: 'check_sysfs_value', mod: 'lp_tea', attr: 'enabled', expect: '0' },
      { op: 'check_sysfs_rights', mod: 'lp_tea', attr: 'force', expect: '-rw-r--r--' },
      { op: 'fail_if_read', file: '/proc/tea', cmp: '==', value: 'lp_tea: green' },
      { op: 'assert_klp_dir_count', n: 1 },
      { op: 'trace_function', func: 'new_tea_show' },
      { op: 'check_traced_functions', funcs: ['new_tea_show'] },
      { op: 'unload_lp', mod: 'lp_tea' },
      { op: 'set_ftrace_enabled', value: 0 }
    )
    expect(lines.filter((line) => line.startsWith('FAIL'))).toEqual([
      'FAIL: lp_sugar loaded unexpectedly',
      'FAIL: lp_tea/enabled is 1, expected 0',
      'FAIL: the rights of lp_tea/force is --w-------, expected -rw-r--r--',
      'FAIL: /proc/tea reads lp_tea: green',
      'FAIL: the number of livepatches is 2, expected 1',
      'FAIL: new_tea_show was not called',
      'FAIL: lp_tea did not unload (-11)',
      'FAIL: kernel.ftrace_enabled stays as it is (-16)'
    ])
  })

  it('writes to the files that the model knows, without a word in the log', () => {
    const lines = said(
      { op: 'load_mod', mod: 'slow', args: ['block_transition=Y'] },
      { op: 'load_lp_nowait', mod: 'lp_three' },
      { op: 'write', path: '/sys/kernel/livepatch/lp_three/force', value: 1 },
      { op: 'wait_sysfs', path: '/sys/kernel/livepatch/lp_three/transition', value: '0' },
      { op: 'write', path: '/sys/kernel/livepatch/lp_three/enabled', value: '0' },
      { op: 'write', path: '/dev/kmsg', value: 'done' }
    )
    const forced = lines.indexOf('livepatch: forcing remaining tasks to the patched state')
    expect(lines.slice(forced + 1)).toEqual([
      "livepatch: 'lp_three': completing patching transition",
      'lp_three: post_patch_callback: vmlinux',
      'lp_three: post_patch_callback: slow -> [MODULE_STATE_LIVE] Normal state',
      "livepatch: 'lp_three': patching complete",
      "livepatch: 'lp_three': initializing unpatching transition",
      'lp_three: pre_unpatch_callback: vmlinux',
      'lp_three: pre_unpatch_callback: slow -> [MODULE_STATE_LIVE] Normal state',
      // The worker sits in the original function, which unpatching does not take away.
      "livepatch: 'lp_three': starting unpatching transition",
      "livepatch: 'lp_three': completing unpatching transition",
      'lp_three: post_unpatch_callback: vmlinux',
      'lp_three: post_unpatch_callback: slow -> [MODULE_STATE_LIVE] Normal state',
      "livepatch: 'lp_three': unpatching complete",
      'done'
    ])
  })

  it('echoes a module that only tests itself, from the transcript', () => {
    const transcript = readTranscript({
      test: 'a test',
      ops: [
        { op: 'load_mod', mod: 'tester' },
        { op: 'unload_mod', mod: 'tester' }
      ],
      expected_dmesg: ['% insmod test_modules/tester.ko', 'tester: fine', '% rmmod tester']
    })
    const { lines, echoed } = run(transcript, ownModules, mainline)
    expect(lines).toEqual(transcript.expected)
    expect(echoed).toEqual(['tester'])
  })
})
