import { expect, it } from 'vitest'
import { Signal } from '../../src/server/live/signal.ts'

const here = new AbortController().signal

it('wakes all that wait when it is given, and none that asks for what was given already', async () => {
  const signal = new Signal()
  const waits = [signal.after(0, 60_000, here), signal.after(0, 60_000, here)]
  expect(signal.waiting).toBe(2)
  signal.give()
  await Promise.all(waits)
  await signal.after(0, 60_000, here)
  expect(signal.waiting).toBe(0)
})

it('forgets who has waited long enough, and who is gone', async () => {
  const signal = new Signal()
  await signal.after(0, 1, here)
  expect(signal.waiting).toBe(0)
  const gone = new AbortController()
  const wait = signal.after(0, 60_000, gone.signal)
  gone.abort()
  await wait
  await signal.after(0, 60_000, gone.signal)
  expect(signal.waiting).toBe(0)
})
