import { afterEach, describe, expect, it } from 'vitest'
import { switched, switches } from '../events/sample-events.ts'
import { anotherWriter } from '../support/history-log.ts'
import { EventReader, positionsOf, range } from './event-source.ts'
import { emptyService, recordedService, type TestService } from './service.ts'

const services: TestService[] = []
const readers: EventReader[] = []
afterEach(async () => {
  for (const reader of readers.splice(0)) reader.close()
  for (const service of services.splice(0)) await service.dispose()
})

async function opened(service: TestService): Promise<TestService> {
  services.push(service)
  return service
}

function read({ url }: TestService, query: string, headers?: Record<string, string>): EventReader {
  const reader = new EventReader(`${url}/v1/live?${query}`, headers)
  readers.push(reader)
  return reader
}

describe('the live stream', () => {
  it('brings what comes, also from another process, and what it changes', async () => {
    const service = await opened(await recordedService('hyb-6f-nop-shadow'))
    const reader = read(service, '')
    expect(await reader.opened).toBe(200)
    const writer = await anotherWriter(service.log)
    const { stream } = (await service.log.streams())[0] ?? { stream: '' }
    await writer.append(stream, 'any', [
      {
        ...switched(900_001),
        type: 'module.loaded',
        data: { module: 'lp_new', livepatch: true, actor: null }
      }
    ])
    const [event, change] = await reader.until(2)
    expect(event).toMatchObject({ event: 'event', id: '312', data: { position: 312, type: 'module.loaded' } })
    expect(change).toMatchObject({
      event: 'change',
      id: '312',
      data: { from: { position: 311 }, to: { position: 312 }, modules: { loaded: ['lp_new'] } }
    })
    await writer.close()
  })

  it('goes on behind the last message, whichever way it is told', async () => {
    const service = await opened(await recordedService('hyb-6f-nop-shadow'))
    const whole = read(service, 'after=0&send=event')
    expect(positionsOf(await whole.until(311))).toEqual(range(1, 311))
    const resumed = read(service, 'send=event', { 'last-event-id': '300' })
    expect(positionsOf(await resumed.until(11))).toEqual(range(301, 311))
    const asked = read(service, 'after=@305&send=event')
    expect(positionsOf(await asked.until(6))).toEqual(range(306, 311))
  })

  it('leaves what was not asked for', async () => {
    const service = await opened(await recordedService('hyb-6f-nop-shadow'))
    const patches = read(service, 'after=0&send=event&type=patch&patch=lp_hook')
    const found = await service.ask<{ events: { position: number }[] }>(
      '/v1/events?type=patch&patch=lp_hook&limit=1000'
    )
    const positions = found.events.map(({ position }) => position)
    expect(positionsOf(await patches.until(positions.length))).toEqual(positions)
    const changes = read(service, 'after=0&send=change')
    const messages = await changes.until(2)
    expect(new Set(messages.map(({ event }) => event))).toEqual(new Set(['change']))
  })

  it('ends with the service', async () => {
    const service = await opened(await recordedService('hyb-6f-nop-shadow'))
    const reader = read(service, '')
    await reader.opened
    await service.stop()
    await reader.ended
  })

  it('is for so many readers and no more', async () => {
    const service = await opened(await emptyService({ limits: { liveReadersMax: 2 } }))
    await service.log.append('a/1', 'any', switches(1, 1))
    const [first, second] = [read(service, ''), read(service, '')]
    expect([await first.opened, await second.opened]).toEqual([200, 200])
    expect((await service.fetch('/v1/live')).status).toBe(503)
    first.close()
    await expect.poll(async () => (await service.fetch('/v1/live', { method: 'HEAD' })).status).toBe(200)
  })
})
