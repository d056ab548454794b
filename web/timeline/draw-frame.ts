import type { Finding } from '../history/findings.ts'
import type { Geometry } from './geometry.ts'
import type { Palette } from './palette.ts'
import { ticks, toPx, type Window } from './scale.ts'

interface Brush {
  readonly canvas: CanvasRenderingContext2D
  readonly palette: Palette
  readonly geometry: Geometry
  readonly window: Window
}

/** The axis' lines, which lie behind the lanes. */
export function drawGrid({ canvas, palette, geometry, window }: Brush, baseNs: bigint): void {
  canvas.fillStyle = palette.line
  for (const { time } of ticks(window, geometry.width, baseNs)) {
    canvas.fillRect(Math.round(toPx(window, geometry.width, time)), 0, 1, geometry.height)
  }
}

/** The axis on top of the lanes. */
export function drawAxis({ canvas, palette, geometry, window }: Brush, baseNs: bigint): void {
  const { width, axisHeight } = geometry
  canvas.fillStyle = palette.surface
  canvas.fillRect(0, 0, width, axisHeight)
  for (const { time, text } of ticks(window, width, baseNs)) {
    const x = Math.round(toPx(window, width, time))
    canvas.fillStyle = palette.line
    canvas.fillRect(x, axisHeight - 5, 1, 5)
    canvas.fillStyle = palette.muted
    canvas.fillText(text, x + 4, axisHeight / 2)
  }
  canvas.fillStyle = palette.line
  canvas.fillRect(0, axisHeight - 1, width, 1)
}

/** What is to look at, under the axis: a bar for as long as it lasted, a notch where it began. */
export function drawFindings(
  { canvas, palette, geometry, window }: Brush,
  findings: readonly { readonly kind: Finding['kind']; readonly from: number; readonly to: number }[]
): void {
  const { width, axisHeight } = geometry
  for (const { kind, from, to } of findings) {
    if (kind === 'doubt' || from > window.to || to < window.from) continue
    const left = toPx(window, width, from)
    const right = toPx(window, width, to)
    canvas.fillStyle = palette.bad
    canvas.fillRect(left, axisHeight - 3, Math.max(2, right - left), 3)
    canvas.fillRect(left - 1, axisHeight - 9, 3, 9)
  }
}

/** Where evidence is missing, nothing that lies above is sure. */
export function drawDoubts(
  { canvas, palette, geometry, window }: Brush,
  doubts: readonly { readonly from: number; readonly to: number }[]
): void {
  canvas.fillStyle = palette.line
  for (const { from, to } of doubts) {
    if (from > window.to || to < window.from) continue
    const left = Math.max(0, toPx(window, geometry.width, from))
    const right = Math.min(geometry.width, toPx(window, geometry.width, to))
    for (let x = left; x < right; x += 4) canvas.fillRect(x, geometry.axisHeight, 1, geometry.height)
  }
}

/** The markers, and the stretch between them. */
export function drawMarkers(
  { canvas, palette, geometry, window }: Brush,
  markers: readonly { readonly name: string; readonly time: number }[],
  /** Where two histories part: drawn as a marker, but the stretch is between the others. */
  parting: readonly { readonly name: string; readonly time: number }[]
): void {
  const { width, height, axisHeight } = geometry
  canvas.clearRect(0, 0, width, height)
  const [a, b] = markers.map(({ time }) => toPx(window, width, time))
  if (a !== undefined && b !== undefined) {
    canvas.globalAlpha = 0.12
    canvas.fillStyle = palette.accent
    canvas.fillRect(Math.min(a, b), 0, Math.abs(b - a), height)
    canvas.globalAlpha = 1
  }
  for (const { name, time } of [...markers, ...parting]) {
    const x = Math.round(toPx(window, width, time))
    if (x < -20 || x > width + 20) continue
    canvas.fillStyle = palette.muted
    for (let y = axisHeight; y < height; y += 6) canvas.fillRect(x, y, 1, 3)
    canvas.fillRect(x - 8, 2, 16, 16)
    canvas.fillStyle = palette.surface
    canvas.fillText(name, x - 4, 11)
  }
}

/** How many events there are, over the whole history, in one column a pixel. */
export function densityOf(
  history: { readonly length: number; timeOf(n: number): number },
  columns: number,
  whole: Window
): number[] {
  const counts = new Array<number>(Math.max(1, columns)).fill(0)
  const span = whole.to - whole.from
  for (let n = 0; n < history.length; n++) {
    const column = Math.floor(((history.timeOf(n) - whole.from) / span) * counts.length)
    counts[Math.min(counts.length - 1, Math.max(0, column))] = (counts[column] ?? 0) + 1
  }
  return counts
}

/** The whole history in a strip: events, findings, and what the window shows of it. */
export function drawOverview(
  { canvas, palette, geometry, window }: Brush,
  whole: Window,
  density: readonly number[],
  findings: readonly { readonly kind: Finding['kind']; readonly from: number; readonly to: number }[]
): void {
  const { width, height } = geometry
  canvas.clearRect(0, 0, width, height)
  const most = Math.log1p(Math.max(1, ...density))
  canvas.fillStyle = palette.muted
  density.forEach((count, x) => {
    if (count === 0) return
    const tall = Math.max(2, (Math.log1p(count) / most) * (height - 8))
    canvas.fillRect(x, height - tall, 1, tall)
  })
  for (const { kind, from, to } of findings) {
    const left = toPx(whole, width, from)
    const wide = Math.max(3, toPx(whole, width, Math.min(to, whole.to)) - left)
    canvas.fillStyle = kind === 'doubt' ? palette.line : palette.bad
    canvas.fillRect(left, 0, wide, 5)
  }
  const left = toPx(whole, width, window.from)
  const right = toPx(whole, width, window.to)
  canvas.globalAlpha = 0.16
  canvas.fillStyle = palette.accent
  canvas.fillRect(left, 0, right - left, height)
  canvas.globalAlpha = 1
  canvas.fillStyle = palette.accent
  canvas.fillRect(left, 0, 2, height)
  canvas.fillRect(right - 2, 0, 2, height)
}
