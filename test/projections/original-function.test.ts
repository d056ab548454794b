import { expect, test } from 'vitest'
import { runsOf } from '../../src/projections/index.ts'
import { enabled, type HandMade, handMade, patched, STREAM } from './hand-made.ts'

/**
 * A program that overrides on the ORIGINAL function, beside a livepatch of it: ftrace calls the newest ops
 * first, each handler writes where the call goes on, so whose ops were registered first has the last word.
 */

const booted = (kprobeTracer: boolean): HandMade => [
  0,
  'host.booted',
  { release: null, policy: 'mainline', policyFrom: 'given', hasStackOrder: false, kprobeTracer }
]

const attach = (ms: number, program: string, overrides: boolean | null = true): HandMade => [
  ms,
  'hook.attached',
  {
    program,
    programId: null,
    linkId: null,
    kind: 'kprobe',
    module: null,
    function: 'getpgrp',
    address: '0xffffffff8107fad4',
    overrides,
    overrideValue: overrides === true ? '4242' : null,
    filter: null,
    actor: null
  }
]

const detach = (ms: number, program: string): HandMade => [
  ms,
  'hook.detached',
  { program, programId: null, linkId: null, actor: null }
]

const livepatch = (ms: number): HandMade[] => [enabled(ms, 'lp', ['getpgrp']), ...patched(ms + 1, 'lp')]

/** What a call of getpgrp() runs at a time: the version, and the program whose word counts. */
async function at(ms: number, facts: readonly HandMade[]) {
  const log = await handMade(facts)
  const runs = await runsOf(log, STREAM, 'getpgrp', null)
  await log.dispose()
  const ns = BigInt(ms) * 1_000_000n
  const run = runs.find((one) => one.fromNs <= ns && (one.toNs === null || ns < one.toNs))
  return { version: run?.version, hook: run?.hook }
}

test('a kprobe older than the livepatch wins', async () => {
  const facts = [booted(false), attach(10, 'ov'), ...livepatch(20)]
  expect(await at(15, facts)).toEqual({ version: 'original', hook: 'ov' })
  expect(await at(50, facts)).toEqual({ version: 'lp', hook: 'ov' })
})

test("a livepatch older than the system's first kprobe wins: the override is silently lost", async () => {
  const facts = [booted(false), ...livepatch(10), attach(20, 'ov')]
  expect(await at(50, facts)).toEqual({ version: 'lp', hook: null })
})

test("a tracer's own kprobes are older than all that it records, so the override wins in both orders", async () => {
  const facts = [booted(true), ...livepatch(10), attach(20, 'ov')]
  expect(await at(50, facts)).toEqual({ version: 'lp', hook: 'ov' })
})

test('with the last kprobe gone the ops are gone: a livepatch that comes then is the older one', async () => {
  const facts = [
    booted(false),
    attach(10, 'first'),
    detach(15, 'first'),
    ...livepatch(20),
    attach(30, 'second')
  ]
  expect(await at(50, facts)).toEqual({ version: 'lp', hook: null })
})

test('while another kprobe stays armed its ops stay the older ones', async () => {
  const facts = [
    booted(false),
    attach(10, 'first'),
    ...livepatch(20),
    attach(30, 'second'),
    detach(40, 'first')
  ]
  expect(await at(50, facts)).toEqual({ version: 'lp', hook: 'second' })
})

test('a program that only looks on is called in any order', async () => {
  const facts = [booted(false), ...livepatch(10), attach(20, 'watch', false)]
  expect(await at(50, facts)).toEqual({ version: 'lp', hook: 'watch' })
})
