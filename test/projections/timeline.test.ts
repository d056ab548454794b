import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  decodeTimelinePage,
  encodeTimelinePage,
  type TimelineHead,
  timelineHead,
  timelineLines
} from '../../src/projections/index.ts'
import { histories } from '../support/histories.ts'
import { ingestRecording, recordings, temporaryLog } from '../support/recordings.ts'

const nopShadow = recordings().find(({ name }) => name.startsWith('hyb-6f'))

it('holds what a page draws of a recording: lanes, gaps, and every event with its evidence', async () => {
  if (nopShadow === undefined) throw new Error('the recording hyb-6f is missing')
  const { log, stream } = await ingestRecording(nopShadow, () => true)
  const info = (await log.streams()).find((one) => one.stream === stream)
  if (info === undefined) throw new Error('the stream is missing')
  const lines: string[] = []
  for await (const line of timelineLines(log, info, [])) lines.push(line)

  const [first = '', ...pages] = lines
  const head = JSON.parse(first) as TimelineHead
  expect(head).toEqual(await timelineHead(log, info, []))
  expect(head).toMatchObject({ stream, policy: 'hybrid', events: info.revision, violations: [] })
  expect(new Set(head.patches.map(({ subject }) => subject))).toEqual(
    new Set(['lp_nopbase', 'lp_hook', 'lp_stuck'])
  )
  expect(head.functions.some(({ value }) => value.stack[0]?.nop === true)).toBe(true)
  expect(head.hooks.some(({ value }) => value.status === 'shadowed')).toBe(true)
  expect(head.gaps.map(({ program, reason }) => `${program}: ${reason}`)).toEqual([
    'ov: a nop of lp_stuck lies over lp_hook: calls run the original function'
  ])

  const events = pages.flatMap(decodeTimelinePage)
  const stored = []
  for await (const page of log.read({ stream })) {
    for (const { position, type, uptimeNs, data, evidence } of page) {
      stored.push({ position, type, uptimeNs, data, evidence })
    }
  }
  expect(events).toEqual(stored)
  await log.dispose()
})

it('loses nothing of any event', async () => {
  const log = await temporaryLog()
  const text = fc.string({ unit: 'binary' })
  let stream = 0
  await fc.assert(
    fc.asyncProperty(
      histories(),
      text,
      fc.boolean(),
      fc.boolean(),
      async (history, raw, inferred, latin1) => {
        stream += 1
        const told = history.events.map((event, n) => ({
          ...event,
          id: `${stream.toString(16).padStart(16, '0')}${n.toString(16).padStart(16, '0')}`,
          evidence: {
            ...event.evidence,
            raw,
            ...(inferred ? { inferred } : {}),
            ...(latin1 ? { latin1 } : {})
          }
        }))
        await log.append(`toy/${stream}`, 'no-stream', told)
        for await (const page of log.read({ stream: `toy/${stream}` })) {
          const kept = page.map(({ position, type, uptimeNs, data, evidence }) => {
            return { position, type, uptimeNs, data, evidence }
          })
          expect(decodeTimelinePage(encodeTimelinePage(page))).toEqual(kept)
        }
      }
    ),
    { numRuns: 30 }
  )
  await log.dispose()
})
