import cliProgress, { type SingleBar, type TimeFormatter } from 'cli-progress'
import type { Io } from './io.ts'

/** What is shorter is done before a bar could be read. */
const barBytesMin = 8 * 1024 * 1024
const barEventsMin = 100_000
const megabyte = 1_000_000

/** How far a long piece of work is. */
export interface Progress {
  add(amount: number): void
  stop(): void
}

/** Bytes read of a total, shown on a terminal only. */
export function byteProgress(io: Io, what: string, totalBytes: number): Progress {
  if (totalBytes < barBytesMin) return silent
  return bar(io, what, 'MB', totalBytes / megabyte, 1 / megabyte)
}

/** Events done of a total that is told with each step, shown on a terminal only. */
export function eventProgress(
  io: Io,
  what: string
): { reach(done: number, total: number): void; stop(): void } {
  let shown: Progress | null = null
  let reached = 0
  return {
    reach: (done, total) => {
      shown ??= total < barEventsMin ? silent : bar(io, what, 'events', total, 1)
      shown.add(done - reached)
      reached = done
    },
    stop: () => shown?.stop()
  }
}

/** Places of a sweep, with the rate of its injections and what was found, shown on a terminal only. */
export function placeProgress(
  io: Io,
  placesTotal: number
): {
  reach(page: { readonly places: number; readonly injections: number; readonly findings: number }): void
  stop(): void
} {
  if (io.stderr.isTTY !== true) return { reach: () => {}, stop: () => {} }
  const shown = plainBar(
    io,
    'sweep [{bar}] {percentage}% of {total} places, {injections} injections, {rate}/s, {findings} found, {eta_formatted} left'
  )
  const startNs = io.now()
  shown.start(placesTotal, 0, { injections: 0, rate: 0, findings: 0 })
  return {
    reach: ({ places, injections, findings }) => {
      const seconds = Number(io.now() - startNs) / 1e9
      const rate = seconds > 0 ? Math.round(injections / seconds) : 0
      shown.update(places, { injections, rate, findings })
    },
    stop: () => shown.stop()
  }
}

/** States of a search whose end nobody knows, shown on a terminal only. */
export function searchProgress(io: Io): { reach(states: number, depth: number): void; stop(): void } {
  if (io.stderr.isTTY !== true) return { reach: () => {}, stop: () => {} }
  const start = io.now()
  return {
    reach: (states, depth) => {
      const perSecond = Math.round((states * 1e9) / Math.max(Number(io.now() - start), 1))
      const rate = `${perSecond.toLocaleString('en')} states/s`
      io.stderr.write(
        `\r\x1b[K${states.toLocaleString('en')} states, depth ${depth}, ${rate}; Ctrl-C ends it`
      )
    },
    stop: () => io.stderr.write('\r\x1b[K')
  }
}

const silent: Progress = { add: () => {}, stop: () => {} }

function bar(io: Io, what: string, unit: string, total: number, scale: number): Progress {
  if (io.stderr.isTTY !== true) return silent
  const shown = plainBar(io, `${what} [{bar}] {percentage}% of {total} ${unit}, {eta_formatted} left`)
  shown.start(Math.ceil(total), 0)
  let done = 0
  return {
    add: (amount) => {
      done += amount * scale
      shown.update(Math.floor(done))
    },
    stop: () => shown.stop()
  }
}

/** The bar has texts (0, INF, NULL) for a time that it does not know yet. */
const timeLeft: TimeFormatter = (seconds, options, roundTo) =>
  Number.isFinite(seconds) ? cliProgress.Format.TimeFormat(seconds, options, roundTo) : '?'

function plainBar(io: Io, format: string): SingleBar {
  return new cliProgress.SingleBar(
    {
      format,
      stream: io.stderr,
      clearOnComplete: true,
      hideCursor: true,
      formatTime: timeLeft,
      // It has its own handler of Ctrl-C, which would end the process in the middle of our work.
      gracefulExit: false
    },
    cliProgress.Presets.legacy
  )
}
