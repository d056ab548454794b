import { describe, expect, test } from 'vitest'
import type { Policy } from '../../src/events/index.ts'
import { ingestSources, linesSource } from '../support/evidence.ts'

/** What the kernel log's own lines prove, where they are all the evidence there is. */

const manifest = linesSource(
  'modules.json',
  'manifest',
  JSON.stringify(
    Object.fromEntries(
      [0, 0, 1].map((set, n) => {
        const name = `lp_${n + 1}`
        const functions = [{ old: `f${n + 1}`, new: `${name}_f` }]
        const objects = [{ name: null, functions }]
        return [
          name,
          { livepatch: true, replace: true, replaceable: true, replace_set: set, objects, states: [] }
        ]
      })
    ),
    null,
    1
  ).split('\n')
)

async function told(messages: readonly string[], policy: Policy): Promise<unknown[]> {
  const lines = messages.map((message, n) => `[    ${n + 1}.000000] livepatch: ${message}`)
  const { events } = await ingestSources([linesSource('dmesg.txt', 'dmesg', lines), manifest], { policy })
  return events.map(({ type, data }) => ({ type, ...data }))
}

const begun = (patch: string) => [`enabling patch '${patch}'`, `'${patch}': starting patching transition`]

const enabled = (patch: string) => [...begun(patch), `'${patch}': patching complete`]

const forcing = 'forcing remaining tasks to the patched state'

describe('a force', () => {
  const pinned = async (messages: readonly string[], policy: Policy) =>
    (await told(messages, policy)).filter((event) => (event as { type: string }).type === 'patch.pinned')

  test('of a patch that replaces pins every other patch on the list', async () => {
    // In hybrid also one that is spared: the RFC forgot it here.
    for (const policy of ['mainline', 'hybrid'] as const) {
      expect(await pinned([...enabled('lp_1'), ...begun('lp_2'), forcing], policy)).toEqual([
        { type: 'patch.pinned', patch: 'lp_1', by: 'lp_2' }
      ])
    }
  })

  test('pins only its own set in replace-set', async () => {
    const messages = [...enabled('lp_1'), ...enabled('lp_3'), ...begun('lp_2'), forcing]
    expect(await pinned(messages, 'replace-set')).toEqual([
      { type: 'patch.pinned', patch: 'lp_1', by: 'lp_2' }
    ])
  })

  test('of a disable pins the patch itself', async () => {
    const off = ["'lp_1': initializing unpatching transition", "'lp_1': starting unpatching transition"]
    expect(await pinned([...enabled('lp_1'), ...off, forcing], 'mainline')).toEqual([
      { type: 'patch.pinned', patch: 'lp_1', by: 'lp_1' }
    ])
  })

  test('behind a reverse is another one', async () => {
    const back = [
      "'lp_1': reversing transition from patching to unpatching",
      "'lp_1': starting unpatching transition"
    ]
    const events = await told([...begun('lp_1'), forcing, ...back, forcing], 'mainline')
    const forced = events.filter((event) => (event as { type: string }).type === 'transition.forced')
    expect(forced.map((event) => (event as { goal: string }).goal)).toEqual(['patched', 'unpatched'])
  })
})

describe('why a patch left the stacks', () => {
  const reason = async (messages: readonly string[]) => {
    const events = (await told(messages, 'mainline')) as { type: string; reason?: string }[]
    return events.filter(({ type }) => type === 'patch.unpatched').map((event) => event.reason)
  }
  const disabling = ["'lp_1': initializing unpatching transition", "'lp_1': starting unpatching transition"]
  const turned = (from: string, to: string) => [
    `'lp_1': reversing transition from ${from} to ${to}`,
    `'lp_1': starting ${to} transition`
  ]
  const gone = "'lp_1': unpatching complete"

  test('disabled', async () => {
    expect(await reason([...enabled('lp_1'), ...disabling, gone])).toEqual(['disabled'])
  })

  test('its enable was reversed', async () => {
    expect(await reason([...begun('lp_1'), ...turned('patching', 'unpatching'), gone])).toEqual(['reversed'])
  })

  test('its disable was reversed, and that again: disabled', async () => {
    const twice = [...turned('unpatching', 'patching'), ...turned('patching', 'unpatching')]
    expect(await reason([...enabled('lp_1'), ...disabling, ...twice, gone])).toEqual(['disabled'])
  })
})

test('neither a kernel log nor a trace without a probe is a tracer of kprobes, whose ops would be the oldest', async () => {
  const record = (message: string, n: number) =>
    `  sh-52  [001] d....  ${n + 1}.000000: console: livepatch: ${message}`
  const trace = linesSource('trace.txt', 'ftrace', enabled('lp_1').map(record))
  const { events } = await ingestSources([trace, manifest], { policy: 'mainline' })
  expect(events[0]?.data).toMatchObject({ policyFrom: 'given', kprobeTracer: false })
  expect(events.map(({ type }) => type)).toContain('transition.completed')
  expect((await told(enabled('lp_1'), 'mainline'))[0]).toMatchObject({ kprobeTracer: false })
})
