import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { TimelineEvent } from '../../src/projections/index.ts'
import { markOnce } from '../app/marks.ts'
import type { Page } from '../app/page.ts'
import type { Session } from '../app/session.ts'
import type { View } from '../app/view.ts'
import { type Lane, piecesAt } from '../history/lane.ts'
import { curveAt } from '../history/switch-curves.ts'
import { uptimeText } from '../history/times.ts'
import { CursorLine } from './cursor-line.tsx'
import { drawAxis, drawDoubts, drawFindings, drawGrid, drawMarkers } from './draw-frame.ts'
import { drawLanes } from './draw-lanes.ts'
import { axisHeight, type Geometry, rowOf } from './geometry.ts'
import { LaneLabels } from './lane-labels.tsx'
import type { Palette } from './palette.ts'
import { listenToPointers } from './pointer.ts'
import { toPx, toTime } from './scale.ts'
import { Tip } from './tip.tsx'
import { sized, useSize } from './use-size.ts'

/** Where the pointer is, or the row whose label has the focus. */
type Hover = { readonly x: number; readonly y: number } | { readonly row: number }

/** The lanes over time, and the cursor. */
export function Timeline({
  page,
  view,
  session,
  name,
  palette,
  isNarrow
}: {
  page: Page
  view: View
  session: Session
  name: string
  palette: Palette
  isNarrow: boolean
}) {
  const scroller = useRef<HTMLDivElement>(null)
  const plot = useRef<HTMLDivElement>(null)
  const { width } = useSize(plot)
  const { height } = useSize(scroller)
  const [scrollTop, setScrollTop] = useState(0)
  const [hover, setHover] = useState<Hover | null>(null)
  const { revision, allFunctions } = view
  const lanes = useMemo(() => session.shownLanes(allFunctions), [session, revision, allFunctions])
  const row = rowOf(isNarrow)
  const geometry: Geometry = { ...row, width, height, axisHeight, scrollTop }
  const canvases = useDrawn(view, session, palette, geometry, lanes)
  usePointers(page, plot, width, setHover)
  const { history } = session
  const isFirst = session === view.session
  const index = isFirst ? view.cursor.index : history.indexAt(view.cursor.time)
  const event = history.events[index]
  const tip = hover === null ? null : tipOf(hover, geometry, lanes, view, event?.position ?? 0)
  return (
    <div
      class="lanes"
      ref={scroller}
      style={{ height: `min(${lanes.length * row.rowHeight + axisHeight}px, var(--lanes-height))` }}
      onScroll={(scroll) => setScrollTop(scroll.currentTarget.scrollTop)}
    >
      <div class="corner">{uptimeText(history.uptimeNs(view.cursor.time))}</div>
      <div
        class="plot"
        ref={plot}
        role="slider"
        tabIndex={0}
        style={{ height: `${height}px` }}
        aria-label={name}
        aria-valuemin={0}
        aria-valuemax={history.length}
        aria-valuenow={index + 1}
        aria-valuetext={momentText(session, view.cursor.time, event)}
      >
        <canvas ref={canvases.base} />
        <canvas ref={canvases.over} />
        <CursorLine x={toPx(view.window, width, view.cursor.time)} />
        {tip !== null && <Tip session={session} width={width} {...tip} />}
      </div>
      <LaneLabels
        page={page}
        lanes={lanes}
        position={event?.position ?? 0}
        time={view.cursor.time}
        curve={curveAt(session.curves, event?.position ?? 0)}
        rowHeight={row.rowHeight}
        onFocus={(at) => setHover(at === null ? null : { row: at })}
      />
    </div>
  )
}

function momentText({ history }: Session, time: number, event: TimelineEvent | undefined): string {
  if (event === undefined) return 'before the first event'
  return `${uptimeText(history.uptimeNs(time))}, event @${event.position} ${event.type}`
}

/** Lanes on one canvas, markers on another: a drag of the cursor, which is an element, draws on neither. */
function useDrawn(
  view: View,
  session: Session,
  palette: Palette,
  geometry: Geometry,
  lanes: readonly Lane[]
) {
  const base = useRef<HTMLCanvasElement>(null)
  const over = useRef<HTMLCanvasElement>(null)
  const { revision, window, markers, partsAt } = view
  const { width, height, scrollTop, rowHeight } = geometry
  useLayoutEffect(() => {
    const canvas = sized(base.current, width, height)
    if (canvas === null || width === 0) return
    canvas.fillStyle = palette.surface
    canvas.fillRect(0, 0, width, height)
    canvas.font = `12px ${palette.font}`
    canvas.textBaseline = 'middle'
    const letterPx = canvas.measureText('abcdefghijklmnopqrstuvwxyz_').width / 27
    const { history, lastTime, curves } = session
    const brush = { canvas, palette, geometry, window, lastTime, curves, letterPx }
    const findings = session.findings.map(({ kind, fromNs, toNs }) => {
      const from = history.since(fromNs)
      // A violation without an end may be a step, which takes no time.
      const open = kind === 'gap' || kind === 'doubt' ? lastTime : from
      return { kind, from, to: toNs === null ? open : history.since(toNs) }
    })
    drawGrid(brush, history.baseNs)
    drawLanes(brush, lanes)
    drawDoubts(
      brush,
      findings.filter(({ kind }) => kind === 'doubt')
    )
    drawAxis(brush, history.baseNs)
    drawFindings(brush, findings)
    markOnce('klplog-first-picture')
  }, [session, revision, window, palette, lanes, width, height, scrollTop, rowHeight])
  useLayoutEffect(() => {
    const canvas = sized(over.current, width, height)
    if (canvas === null || width === 0) return
    canvas.font = `bold 12px ${palette.font}`
    canvas.textBaseline = 'middle'
    const marks = (['a', 'b'] as const).flatMap((name) => {
      const index = markers[name]
      const own = view.session?.history
      return index === null || own === undefined
        ? []
        : [{ name: name.toUpperCase(), time: own.timeOf(index) }]
    })
    const parting = partsAt === null ? [] : [{ name: '≠', time: partsAt }]
    drawMarkers({ canvas, palette, geometry, window }, marks, parting)
  }, [view.session, revision, window, palette, markers, partsAt, width, height])
  return { base, over }
}

/** The pointer's deeds, at most one move a frame. */
function usePointers(
  page: Page,
  plot: { readonly current: HTMLDivElement | null },
  width: number,
  setHover: (hover: Hover | null) => void
): void {
  useEffect(() => {
    const element = plot.current
    if (element === null) return
    let wanted: number | null = null
    let frame = 0
    // Asking the element for its width would lay the page out in the middle of a frame.
    const time = (x: number) => toTime(page.view.window, width, x)
    const stop = listenToPointers(element, {
      drag: (x) => {
        setHover(null)
        if (wanted === null) {
          frame = requestAnimationFrame(() => {
            if (wanted !== null) page.moveToTime(time(wanted), true)
            wanted = null
          })
        }
        wanted = x
      },
      hover: (x, y) => setHover({ x, y }),
      leave: () => setHover(null),
      pan: (pixels) => page.pan(pixels / width),
      zoom: (x, factor) => page.zoom(factor, time(x))
    })
    return () => {
      cancelAnimationFrame(frame)
      stop()
    }
  }, [page, plot, width, setHover])
}

function tipOf(
  hover: Hover,
  geometry: Geometry,
  lanes: readonly Lane[],
  { window, cursor }: View,
  position: number
) {
  const { rowHeight, scrollTop, width, barHeight, barTop } = geometry
  const row = 'row' in hover ? hover.row : Math.floor((hover.y - axisHeight + scrollTop) / rowHeight)
  const lane = lanes[row]
  if (lane === undefined || ('y' in hover && hover.y < axisHeight)) return null
  if ('row' in hover) {
    const y = axisHeight + row * rowHeight - scrollTop + barTop
    return { lane, pieces: piecesAt(lane, position), x: toPx(window, width, cursor.time), y }
  }
  const time = toTime(window, width, hover.x)
  const isUpper = (hover.y - axisHeight + scrollTop) % rowHeight < barTop + barHeight / 2
  const here = lane.pieces.filter(({ from, to }) => from <= time && time < to)
  const half = here.filter((piece) => piece.half !== (isUpper ? 'lower' : 'upper'))
  return { lane, pieces: half, x: hover.x, y: hover.y }
}
