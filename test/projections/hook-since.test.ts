import { describe, expect, test } from 'vitest'
import { type HookRow, hookRowsAt, stateAt } from '../../src/projections/index.ts'
import { ingestRecording, recordings } from '../support/recordings.ts'
import { enabled, type HandMade, handMade, patched, STREAM } from './hand-made.ts'

async function at(name: string, uptimes: readonly bigint[]): Promise<HookRow[][]> {
  const recording = recordings().find((one) => one.name === name)
  if (recording === undefined) throw new Error(`no recording ${name}`)
  const { log, stream } = await ingestRecording(recording, () => true)
  const tables: HookRow[][] = []
  for (const uptime of uptimes) {
    const state = await stateAt(log, stream, await log.positionAt(stream, uptime))
    tables.push(await hookRowsAt(log, stream, state))
  }
  await log.dispose()
  return tables
}

const brief = ({ program, status, since }: HookRow) => [program, status, since]

describe('hookRowsAt', () => {
  test('since the nop lies over it, and since it was lifted', async () => {
    const [before, during, after] = await at('hyb-6f-nop-shadow', [
      21_000_000_000n,
      25_000_000_000n,
      31_000_000_000n
    ])
    expect(before?.map(brief)).toEqual([['ov', 'active', '20131478000']])
    expect(during?.map(brief)).toEqual([['ov', 'shadowed', '21288243000']])
    expect(after?.map(brief)).toEqual([['ov', 'active', '30849137000']])
  })

  test('another reason for the same status does not begin it anew', async () => {
    // ov1 is stale because lp_embed_v2 replaced its owner, then because the owner is freed.
    const [stale, gone] = await at('up-4a-embed-kprobe', [19_000_000_000n, 21_000_000_000n])
    expect(stale?.map(brief)).toEqual([
      ['ov1', 'stale', '17958101000'],
      ['ov2', 'active', '17966045000']
    ])
    expect(gone?.[0]?.status).toBe('gone')
    expect(gone?.[0]?.since).toBe('20266918000')
  })

  test('an attachment does not inherit from one before it at the same place', async () => {
    const attach = (ms: number): HandMade => [
      ms,
      'hook.attached',
      {
        program: 'ov',
        programId: null,
        linkId: null,
        kind: 'kprobe',
        module: null,
        function: 'f',
        address: null,
        overrides: false,
        overrideValue: null,
        filter: null,
        actor: null
      }
    ]
    const detach: HandMade = [
      30,
      'hook.detached',
      { program: 'ov', programId: null, linkId: null, actor: null }
    ]
    const facts = [enabled(10, 'lp_a', ['g']), ...patched(11, 'lp_a'), attach(20), detach, attach(30)]
    const log = await handMade(facts)
    const rows = await hookRowsAt(log, STREAM, await stateAt(log, STREAM, facts.length))
    await log.dispose()
    expect(rows.map(brief)).toEqual([['ov', 'active', '30000000']])
  })
})
