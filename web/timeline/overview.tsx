import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import type { Page } from '../app/page.ts'
import type { View } from '../app/view.ts'
import { CursorLine } from './cursor-line.tsx'
import { densityOf, drawOverview } from './draw-frame.ts'
import type { Palette } from './palette.ts'
import { listenToPointers } from './pointer.ts'
import { toPx, toTime, wholeWindow } from './scale.ts'
import { sized, useSize } from './use-size.ts'

const height = 32

/** The whole history in a strip; a drag moves the window of the timeline. */
export function Overview({ page, view, palette }: { page: Page; view: View; palette: Palette }) {
  const box = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const { width } = useSize(box)
  const { session, window, cursor, revision } = view
  const whole = useMemo(() => wholeWindow(session?.lastTime ?? 1), [session, revision])
  const density = useMemo(
    () => (session === null ? [] : densityOf(session.history, Math.round(width), whole)),
    [session, revision, width, whole]
  )
  const findings = useMemo(
    () =>
      (session?.findings ?? []).map(({ kind, fromNs, toNs }) => {
        const from = session?.history.since(fromNs) ?? 0
        return { kind, from, to: toNs === null ? from : (session?.history.since(toNs) ?? 0) }
      }),
    [session, revision]
  )
  useLayoutEffect(() => {
    const context = sized(canvas.current, width, height)
    if (context === null || width === 0) return
    const geometry = {
      width,
      height,
      axisHeight: 0,
      rowHeight: height,
      barTop: 0,
      barHeight: height,
      scrollTop: 0
    }
    drawOverview({ canvas: context, palette, geometry, window }, whole, density, findings)
  }, [width, palette, window, whole, density, findings])
  useEffect(() => {
    const element = box.current
    if (element === null) return
    const centre = (x: number) => {
      const { window: present } = page.view
      const time = toTime(whole, element.clientWidth, x)
      page.pan((time - (present.from + present.to) / 2) / (present.to - present.from))
    }
    return listenToPointers(element, {
      drag: centre,
      hover: () => {},
      leave: () => {},
      pan: () => {},
      zoom: (x, factor) => page.zoom(factor, toTime(whole, element.clientWidth, x))
    })
  }, [page, whole])
  return (
    <div class="overview" ref={box} aria-hidden="true" title="The whole history: drag to move the window">
      <canvas ref={canvas} />
      <CursorLine x={toPx(whole, width, cursor.time)} />
    </div>
  )
}
