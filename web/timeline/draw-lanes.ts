import { indexFrom, type Lane, type Piece, type Tone } from '../history/lane.ts'
import type { SwitchCurve } from '../history/switch-curves.ts'
import type { Geometry } from './geometry.ts'
import { type Palette, versionColors } from './palette.ts'
import { toPx, type Window } from './scale.ts'

/** What the lanes are drawn with. */
export interface LaneBrush {
  readonly canvas: CanvasRenderingContext2D
  readonly palette: Palette
  readonly geometry: Geometry
  readonly window: Window
  /** Where the history ends: what still holds is drawn up to here. */
  readonly lastTime: number
  readonly curves: readonly SwitchCurve[]
  /** The width of an average letter, so that no text is measured. */
  readonly letterPx: number
}

/** Draws those rows that can be seen. */
export function drawLanes(brush: LaneBrush, lanes: readonly Lane[]): void {
  const { geometry, canvas, palette } = brush
  const { axisHeight, rowHeight, scrollTop, height, width } = geometry
  const first = Math.max(0, Math.floor(scrollTop / rowHeight))
  const last = Math.min(lanes.length - 1, Math.floor((scrollTop + height - axisHeight) / rowHeight))
  for (let n = first; n <= last; n++) {
    const lane = lanes[n]
    if (lane === undefined) continue
    const top = axisHeight + n * rowHeight - scrollTop
    canvas.fillStyle = palette.line
    canvas.fillRect(0, Math.round(top + rowHeight) - 1, width, 1)
    drawLane(brush, lane, top + geometry.barTop)
  }
}

function drawLane(brush: LaneBrush, lane: Lane, top: number): void {
  const { width, barHeight } = brush.geometry
  const { window, lastTime } = brush
  for (const pieces of lane.halves) {
    let filled = -1
    for (let n = Math.max(0, indexFrom(pieces, 'from', window.from)); n < pieces.length; n++) {
      const piece = pieces[n] as Piece
      if (piece.from > window.to) break
      const left = Math.max(-1, toPx(window, width, piece.from))
      const right = Math.min(width + 1, toPx(window, width, Math.min(piece.to, lastTime)))
      // Of many pieces within one pixel one is enough.
      if (right < 0 || right <= filled) continue
      drawPiece(brush, piece, halfBox(piece.half, left, Math.max(1, right - left), top, barHeight))
      filled = Math.floor(right)
    }
  }
  if (lane.kind === 'patch') drawCurves(brush, lane, top)
  if (lane.gaps.length > 0) drawGaps(brush, lane, top)
}

interface Box {
  readonly x: number
  readonly y: number
  readonly w: number
  readonly h: number
}

function halfBox(half: Piece['half'], x: number, w: number, top: number, height: number): Box {
  if (half === 'upper') return { x, y: top, w, h: height / 2 }
  if (half === 'lower') return { x, y: top + height / 2, w, h: height / 2 }
  return { x, y: top, w, h: height }
}

function drawPiece(brush: LaneBrush, piece: Piece, box: Box): void {
  const { canvas, palette } = brush
  const { fill, edge, stripes } = inkOf(piece.tone, palette)
  canvas.fillStyle = fill
  canvas.fillRect(box.x, box.y, box.w, box.h)
  if (stripes !== null && box.w > 3) drawStripes(canvas, box, stripes)
  canvas.fillStyle = edge
  canvas.fillRect(box.x, box.y, Math.min(3, box.w), box.h)
  if (piece.tone.kind === 'missed' && box.w > 4) canvas.fillRect(box.x, box.y + box.h - 2, box.w, 2)
  // Its curve says more.
  if (piece.tone.kind === 'waiting' && brush.curves.length > 0) return
  drawText(brush, `${piece.text}${piece.unsure === null ? '' : ' (unsure)'}`, box)
}

/** How a tone looks: always with a text beside it, never by colour alone. */
function inkOf(
  tone: Tone,
  palette: Palette
): { readonly fill: string; readonly edge: string; readonly stripes: string | null } {
  switch (tone.kind) {
    case 'version':
    case 'waiting':
    case 'leaving': {
      const { strong, pale } = palette.versions[tone.version % versionColors] ?? {
        strong: palette.ink,
        pale: palette.raised
      }
      if (tone.kind === 'version') return { fill: pale, edge: strong, stripes: null }
      return { fill: palette.raised, edge: strong, stripes: tone.kind === 'waiting' ? null : palette.line }
    }
    case 'original':
      return { fill: palette.raised, edge: palette.muted, stripes: null }
    case 'nop':
      return { fill: palette.raised, edge: palette.bad, stripes: palette.pale.bad }
    case 'reached':
      return { fill: palette.pale.reached, edge: palette.reached, stripes: null }
    case 'partly':
      return { fill: palette.pale.reached, edge: palette.bad, stripes: palette.raised }
    case 'missed':
      return { fill: palette.pale.bad, edge: palette.bad, stripes: null }
  }
}

function drawStripes(canvas: CanvasRenderingContext2D, { x, y, w, h }: Box, color: string): void {
  canvas.save()
  canvas.beginPath()
  canvas.rect(x, y, w, h)
  canvas.clip()
  canvas.strokeStyle = color
  canvas.lineWidth = 3
  canvas.beginPath()
  for (let at = x - h - ((x - h) % 9); at < x + w; at += 9) {
    canvas.moveTo(at, y + h)
    canvas.lineTo(at + h, y)
  }
  canvas.stroke()
  canvas.restore()
}

/** As many letters as fit; none where they would say nothing. */
function drawText({ canvas, palette, letterPx, geometry }: LaneBrush, text: string, box: Box): void {
  const left = Math.max(box.x, 0) + 6
  const room = Math.floor((Math.min(box.x + box.w, geometry.width) - left - 2) / letterPx)
  if (room < 3) return
  canvas.fillStyle = palette.ink
  const shown = text.length <= room ? text : `${text.slice(0, room - 1)}…`
  canvas.fillText(shown, left, box.y + box.h / 2 + 0.5)
}

/** How many tasks have switched: the part of the bar that is filled from below. */
function drawCurves(brush: LaneBrush, lane: Lane, top: number): void {
  const { canvas, palette, window, lastTime, geometry } = brush
  const { width, barHeight } = geometry
  for (const curve of brush.curves) {
    if (curve.patch !== lane.label || curve.to < window.from || curve.from > window.to) continue
    const tone = lane.pieces.find(({ tone: one }) => 'version' in one)?.tone
    const version = tone !== undefined && 'version' in tone ? tone.version : 0
    const { strong, pale } = palette.versions[version % versionColors] ?? {
      strong: palette.ink,
      pale: palette.raised
    }
    const bottom = top + barHeight
    const end = toPx(window, width, Math.min(curve.to, lastTime))
    canvas.beginPath()
    canvas.moveTo(toPx(window, width, curve.from), bottom)
    let [level, lastPx] = [bottom, toPx(window, width, curve.from)]
    curve.times.forEach((time, n) => {
      const x = toPx(window, width, time)
      // Of many switches within one pixel one step is enough.
      if (x - lastPx >= 0.5) {
        canvas.lineTo(lastPx, level)
        canvas.lineTo(x, level)
        lastPx = x
      }
      level = bottom - (barHeight * (n + 1)) / Math.max(1, curve.named.size)
    })
    canvas.lineTo(lastPx, level)
    canvas.lineTo(end, level)
    canvas.lineTo(end, bottom)
    canvas.closePath()
    canvas.fillStyle = pale
    canvas.fill()
    canvas.fillStyle = strong
    canvas.fillRect(toPx(window, width, curve.from), top, 3, barHeight)
    const left = toPx(window, width, curve.from)
    const piece = lane.pieces.find(({ from, to }) => from <= curve.from && curve.from < to)
    const count = `${curve.times.length} of ${curve.named.size} tasks switched`
    const box = { x: left, y: top, w: end - left, h: barHeight }
    drawText(brush, `${piece?.text ?? ''}, ${count}`, box)
  }
}

/** A bracket under the bar, as long as the program was not reached. */
function drawGaps({ canvas, palette, window, geometry, lastTime }: LaneBrush, lane: Lane, top: number): void {
  canvas.fillStyle = palette.bad
  for (const { from, to } of lane.gaps) {
    if (from > window.to || to < window.from) continue
    const left = toPx(window, geometry.width, from)
    const right = toPx(window, geometry.width, Math.min(to, lastTime))
    const y = top + geometry.barHeight
    canvas.fillRect(left, y, Math.max(2, right - left), 3)
    canvas.fillRect(left, y - 4, 2, 7)
    canvas.fillRect(Math.max(left, right - 2), y - 4, 2, 7)
  }
}
