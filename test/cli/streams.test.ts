import { describe, expect, it } from 'vitest'
import { type StreamOptions, selectStream, selectStreams } from '../../src/cli/streams.ts'
import type { StreamInfo } from '../../src/events/index.ts'
import { QuestionError } from '../../src/projections/index.ts'

function info(stream: string, revision = 10): StreamInfo {
  return {
    stream,
    revision,
    firstPosition: 1,
    lastPosition: revision,
    firstNs: 0n,
    lastNs: 5n,
    lastWallNs: null,
    rejected: 0
  }
}

const fleet = ['web1/aaa', 'web1/aab', 'web2/ccc', 'db/1'].map((name) => info(name))

function choose(streams: readonly StreamInfo[], options: StreamOptions): Promise<string> {
  return selectStream({ streams: async () => streams }, options).then(
    (one) => one.stream,
    (error: unknown) => {
      expect(error).toBeInstanceOf(QuestionError)
      const { message, hint } = error as QuestionError
      return `${message}\n${hint}`
    }
  )
}

describe('choosing a stream', () => {
  it('takes the only one where nothing is asked', async () => {
    expect(await choose([info('web1/aaa')], {})).toBe('web1/aaa')
    expect(await choose([info('web1/aaa'), info('junk/0', 0)], {})).toBe('web1/aaa')
  })

  it('lists them where there are several', async () => {
    const told = await choose(fleet, {})
    expect(told).toContain('4 streams')
    for (const { stream } of fleet) expect(told).toContain(`\n  ${stream}`)
  })

  it.each<[string, StreamOptions]>([
    ['web1/aab', { stream: 'web1/aab' }],
    ['web1/aab', { stream: 'aab' }],
    ['web2/ccc', { host: 'web2' }],
    ['web1/aab', { host: 'web1', boot: 'aab' }],
    ['web2/ccc', { boot: 'cc' }],
    ['web1/aab', { host: 'web1', boot: '0' }],
    ['web1/aab', { host: 'web1', boot: '-0' }],
    ['web1/aaa', { host: 'web1', boot: '-1' }],
    ['web1/aaa', { host: 'web1', boot: '1' }],
    ['web1/aab', { host: 'web1', boot: '+2' }],
    ['db/1', { host: 'db', boot: '1' }],
    ['db/1', { host: 'db', boot: '0' }]
  ])('takes %s of %o', async (stream, options) => {
    expect(await choose(fleet, options)).toBe(stream)
  })

  it.each<[string, StreamOptions]>([
    ['3 streams fit', { host: 'web' }],
    ['2 streams fit', { host: 'web1' }],
    ['2 streams fit', { stream: 'web1/' }],
    ['no stream fits --host mail', { host: 'mail' }],
    ['no stream fits --host web1 --boot -5', { host: 'web1', boot: '-5' }],
    ['no stream fits --stream aaa --boot ccc', { stream: 'aaa', boot: 'ccc' }]
  ])('says that %s of %o, and lists some', async (what, options) => {
    const told = await choose(fleet, options)
    expect(told).toContain(what)
    expect(told).toContain('\n  web1/aaa')
  })

  it('says that the log is empty', async () => {
    expect(await choose([], {})).toContain('the log is empty')
    expect(await choose([], { stream: 'x' })).toContain('the log is empty')
  })

  it('takes all that fit where all are asked for', async () => {
    const log = { streams: async () => fleet }
    const all = await selectStreams(log, { allStreams: true, host: 'web' })
    expect(all.map((one) => one.stream)).toEqual(['web1/aaa', 'web1/aab', 'web2/ccc'])
    expect(await selectStreams(log, { stream: 'ccc' })).toEqual([info('web2/ccc')])
  })

  it('finds a stream of rejected evidence alone by its name', async () => {
    expect(await choose([info('web1/aaa'), info('junk/0', 0)], { stream: 'junk/0' })).toBe('junk/0')
  })
})
