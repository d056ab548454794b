import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type TimelineEvent, type TimelineHead, timelineHead } from '../../src/projections/index.ts'
import { Page } from '../../web/app/page.ts'
import { eventGroupNames } from '../../web/history/event-filter.ts'
import { decodeLink, encodeLink, type Link } from '../../web/history/link.ts'
import { ingestRecording, recordings } from '../support/recordings.ts'

async function timelineOf(name: string): Promise<{ head: TimelineHead; events: TimelineEvent[] }> {
  const recording = recordings().find((one) => one.name.startsWith(name))
  if (recording === undefined) throw new Error(`the recording ${name} is missing`)
  const { log, stream } = await ingestRecording(recording, () => true)
  const info = (await log.streams()).find((one) => one.stream === stream)
  if (info === undefined) throw new Error('the stream is missing')
  const head = await timelineHead(log, info, [])
  const events: TimelineEvent[] = []
  for await (const page of log.read({ stream })) events.push(...page)
  await log.dispose()
  return { head, events }
}

const { head, events } = await timelineOf('hyb-6f')

/** A page that has read the whole timeline, opened by a link. */
function opened(hash = '', atFinding = false): Page {
  const page = new Page()
  page.begin(head, decodeLink(hash))
  page.add(events)
  page.finish(atFinding)
  return page
}

const position = ({ view }: Page) => view.session?.history.events[view.cursor.index]?.position

describe('the cursor', () => {
  it('stands at the end, or at the first gap where nobody follows', () => {
    expect(position(opened())).toBe(events.length)
    expect(position(opened('', true))).toBe(111)
  })

  it('steps on and back by events of the list, and stops at its ends', () => {
    const page = opened('at=@100')
    page.step(1)
    expect(position(page)).toBe(101)
    page.step(-10)
    expect(position(page)).toBe(91)
    page.step(-1000)
    expect(position(page)).toBe(1)
    page.step(-1)
    expect(position(page)).toBe(1)
    page.step(1000)
    expect(position(page)).toBe(events.length)
  })

  it('steps over what the filter hides, also from a hidden event', () => {
    const page = opened('at=@112')
    page.choose({ hidden: ['tasks', 'transitions', 'host'] })
    page.step(-1)
    expect(page.view.session?.history.events[page.view.cursor.index]?.type).toBe('object.patched')
    page.step(1)
    expect(position(page)).toBeGreaterThan(112)
  })

  it('is at an event or at a time between two, and the link says which', () => {
    const page = opened()
    page.moveTo(110)
    expect(page.link()).toContain('at=@111')
    const { history } = page.view.session ?? { history: null }
    page.moveToTime((history?.timeOf(1) ?? 0) + 1000)
    expect(position(page)).toBe(2)
    expect(page.link()).toContain('at=%2B')
  })

  it('goes from finding to finding, with the window around it', () => {
    const page = opened('at=@1')
    const whole = page.view.window
    page.showNext(true)
    expect(position(page)).toBe(111)
    expect(page.view.window.to - page.view.window.from).toBeLessThan(whole.to - whole.from)
    page.showNext(true)
    expect(position(page)).toBe(111)
  })
})

describe('a history that is too long', () => {
  it('is taken as far as it goes, and the page says so and leads no further', () => {
    const page = new Page(200)
    page.begin(head, decodeLink('at=@300'))
    for (let n = 0; n < events.length; n += 90) page.add(events.slice(n, n + 90))
    page.finish(false)
    expect(page.isFull).toBe(true)
    expect(page.view.session?.history.length).toBe(200)
    expect(page.view.notice).toContain('311 events')
    expect(page.view.notice).toContain('first 200')
    expect(position(page)).toBe(200)
    // Behind its last event the page does not know the state.
    page.moveToTime(page.view.session?.lastTime ?? 0)
    expect(page.view.cursor.time).toBe(page.view.session?.history.timeOf(199))
    expect(opened().view.notice).toBe(null)
  })
})

describe('a lane', () => {
  it('leads to where it changes next, and back', () => {
    const page = opened('at=@100')
    const key = 'function vmlinux:__x64_sys_getpgrp,1'
    page.stepInLane(key, true)
    expect(position(page)).toBe(107)
    page.stepInLane(key, false)
    expect(position(page)).toBe(100)
  })
})

describe('live', () => {
  it('follows to the end while the cursor stands there, and stays where the reader went', () => {
    const early = events.slice(0, 200)
    const before = { ...head, events: 200, lastPosition: 200, toNs: String(early.at(-1)?.uptimeNs) }
    for (const stays of [false, true]) {
      const page = new Page()
      page.store.set({ following: true })
      page.begin(before, decodeLink(''))
      page.add(early)
      page.finish(false)
      if (stays) page.moveTo(50)
      page.follow(head, events.slice(150))
      expect(page.view.session?.history.length).toBe(events.length)
      expect(position(page)).toBe(stays ? 51 : events.length)
    }
  })
})

describe('a link', () => {
  const filter = fc.record({
    hidden: fc.subarray(eventGroupNames),
    search: fc.string(),
    onlyChanges: fc.boolean()
  })
  const ns = fc.bigInt({ min: 0n, max: 2n ** 62n }).map(String)
  const place = fc.option(fc.nat())
  const links: fc.Arbitrary<Link> = fc.record({
    stream: fc.option(fc.string({ minLength: 1 })),
    at: fc.option(
      fc.oneof(
        fc.nat().map((one) => `@${one}`),
        ns.map((one) => `+${one}`)
      )
    ),
    from: fc.option(ns),
    to: fc.option(ns),
    markers: fc.record({ a: place, b: place }),
    filter,
    allFunctions: fc.option(fc.boolean()),
    compare: fc.option(fc.string({ minLength: 1 })),
    below: fc.boolean()
  })

  it('says all that it was made of', () => {
    fc.assert(
      fc.property(links, (link) => {
        expect(decodeLink(`#${encodeLink(link)}`)).toEqual(link)
      })
    )
  })

  it('that says nonsense shows the page all the same', () => {
    fc.assert(
      fc.property(fc.string(), (hash) => {
        const page = opened(`at=${hash}&from=${hash}&to=5&a=${hash}&hide=${hash}`)
        expect(page.view.session?.complete).toBe(true)
      }),
      { numRuns: 40 }
    )
  })

  it('shows the same moment, window, markers and filters again', () => {
    const page = opened()
    page.moveTo(110)
    page.mark('a')
    page.step(7)
    page.mark('b')
    page.zoom(0.25)
    page.choose({ search: 'lp_stuck', hidden: ['hooks'] })
    const again = opened(page.link())
    expect(again.view).toMatchObject({
      cursor: page.view.cursor,
      markers: page.view.markers,
      filter: page.view.filter,
      places: page.view.places
    })
    expect(again.view.window.from).toBeCloseTo(page.view.window.from, -1)
    expect(again.link()).toBe(page.link())
  })
})
