import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'

/** A message of text/event-stream. With an id a reader can go on behind it. */
export function sseMessage(type: string, data: unknown, id?: number): string {
  const place = id === undefined ? '' : `id: ${id}\n`
  return `event: ${type}\n${place}data: ${JSON.stringify(data)}\n\n`
}

/** Readers that were cut off come again after so long; a comment now and then shows that we are alive. */
const beginning = new TextEncoder().encode('retry: 2000\n\n')
export const heartbeat = new TextEncoder().encode(': \n\n')
export const heartbeatMs = 15_000

/** How an event stream is fed. */
export interface EventSource {
  /**
   * The next bytes; null ends the stream. Asked for only when the reader has taken what came before; `gone`
   * says that nobody reads any more.
   */
  next(gone: AbortSignal): Promise<Uint8Array | null>
  /** How long a reader may leave bytes unread. */
  readonly slowMs: number
  /** The stream is over, for whatever reason; `cut` when the reader was too slow. */
  onEnd(cut: boolean): void
}

/** Answers with an event stream. Nothing waits in memory for its reader but the piece that it is at. */
export function eventStream(context: Context, source: EventSource): Response {
  const { outgoing } = context.env as Partial<HttpBindings>
  const gone = new AbortController()
  let hasBegun = false
  let slow: NodeJS.Timeout | undefined
  const end = (cut: boolean) => {
    clearTimeout(slow)
    if (gone.signal.aborted) return
    gone.abort()
    source.onEnd(cut)
  }
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        clearTimeout(slow)
        const bytes = hasBegun ? await source.next(gone.signal) : beginning
        hasBegun = true
        if (gone.signal.aborted) return
        if (bytes === null) {
          end(false)
          controller.close()
          return
        }
        controller.enqueue(bytes)
        // The next pull comes when these bytes have left.
        slow = setTimeout(() => {
          end(true)
          outgoing?.destroy()
        }, source.slowMs)
      },
      cancel: () => end(false)
    },
    { highWaterMark: 0 }
  )
  return new Response(body, {
    headers: { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' }
  })
}
