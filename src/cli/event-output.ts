import { eventTypes, type StoredEvent, type StreamInfo } from '../events/index.ts'
import { eventSentence, seconds } from '../projections/index.ts'
import type { App } from './app.ts'
import { visible, wallTime } from './output.ts'
import { actorText } from './wording.ts'

/** `@98  +20.131478  hook.attached`: where an event stands, with all times that are known. */
export function eventHeadline(
  app: App,
  { position, type, uptimeNs, wallNs }: StoredEvent,
  widths = narrow
): string {
  const { yellow, cyan } = app.colors
  const place = `@${position}`.padStart(widths.position)
  const wall = wallNs === null ? '' : `  ${wallTime(wallNs, app)}`
  return `${yellow(place)}${wall}  ${`+${seconds(uptimeNs)}`.padStart(widths.uptime)}  ${cyan(type.padEnd(widths.type))}`
}

/** How wide the columns of one-line events are. */
export interface LineWidths {
  readonly position: number
  readonly uptime: number
  readonly type: number
}

const narrow: LineWidths = { position: 0, uptime: 0, type: 0 }

/** Columns wide enough for every event of a stream. */
export function lineWidths({ lastPosition, lastNs }: StreamInfo): LineWidths {
  return {
    position: `@${lastPosition}`.length,
    uptime: `+${seconds(lastNs)}`.length,
    type: Math.max(...eventTypes.map((type) => type.length))
  }
}

/** The event as git log shows a commit: headline, sentence, and who did it where that is known. */
export function eventText(app: App, event: StoredEvent): string {
  const by = byWhom(event)
  const lines = [eventHeadline(app, event), `    ${visible(eventSentence(event))}`]
  if (by !== null) lines.push(`    ${app.colors.dim(`by ${visible(by)}`)}`)
  return lines.join('\n')
}

/** The event in one line. */
export function eventLine(app: App, event: StoredEvent, widths: LineWidths): string {
  const by = byWhom(event)
  const ending = by === null ? '' : app.colors.dim(` (by ${visible(by)})`)
  return `${eventHeadline(app, event, widths)}  ${visible(eventSentence(event))}${ending}`
}

/** Who did it; null where no evidence tells. */
export function byWhom({ data }: StoredEvent): string | null {
  return 'actor' in data ? actorText(data.actor) : null
}
