/** What a hand does on the plot; places are in CSS pixels from its left top. */
export interface PointerDeeds {
  /** The cursor is dragged, or put here. */
  readonly drag: (x: number) => void
  readonly hover: (x: number, y: number) => void
  readonly leave: () => void
  /** Moves the window by so many pixels. */
  readonly pan: (pixels: number) => void
  /** Below 1 is closer. */
  readonly zoom: (x: number, factor: number) => void
}

/** Listens to mouse, pen, touch and wheel; returns how to stop. */
export function listenToPointers(plot: HTMLElement, deeds: PointerDeeds): () => void {
  const down = new Map<number, { x: number; y: number }>()
  const place = (event: MouseEvent) => {
    const box = plot.getBoundingClientRect()
    return { x: event.clientX - box.left, y: event.clientY - box.top }
  }
  const pan = (before: number, now: number) => deeds.pan(before - now)
  const stops = [
    listen(plot, 'pointerdown', (event) => {
      if (event.button !== 0 && event.button !== 1) return
      const at = place(event)
      down.set(event.pointerId, at)
      plot.setPointerCapture(event.pointerId)
      if (down.size === 1 && !isPan(event)) deeds.drag(at.x)
    }),
    listen(plot, 'pointermove', (event) => {
      const at = place(event)
      const before = down.get(event.pointerId)
      if (before === undefined) return deeds.hover(at.x, at.y)
      down.set(event.pointerId, at)
      const other = [...down].find(([id]) => id !== event.pointerId)?.[1]
      if (other !== undefined) {
        const [was, is] = [Math.abs(before.x - other.x), Math.abs(at.x - other.x)]
        if (was > 8 && is > 8) deeds.zoom((at.x + other.x) / 2, was / is)
      } else if (isPan(event)) pan(before.x, at.x)
      else deeds.drag(at.x)
    }),
    ...(['pointerup', 'pointercancel'] as const).map((name) =>
      listen(plot, name, (event) => down.delete(event.pointerId))
    ),
    listen(plot, 'pointerleave', () => deeds.leave()),
    listen(plot, 'wheel', (event) => turn(event, place(event).x, deeds))
  ]
  return () => {
    for (const stop of stops) stop()
  }
}

/** With Shift, or with the wheel's button, a drag moves the window and not the cursor. */
function isPan(event: PointerEvent): boolean {
  return event.shiftKey || (event.buttons & 4) !== 0
}

/** Ctrl (or a pinch, which browsers tell as that) zooms, sideways moves the window; else the page scrolls. */
function turn(event: WheelEvent, x: number, deeds: PointerDeeds): void {
  const sideways = event.shiftKey && event.deltaX === 0 ? event.deltaY : event.deltaX
  if (event.ctrlKey || event.metaKey) deeds.zoom(x, Math.exp(event.deltaY * 0.004))
  else if (Math.abs(sideways) > Math.abs(event.deltaY) || event.shiftKey) deeds.pan(sideways)
  else return
  event.preventDefault()
}

function listen<K extends keyof HTMLElementEventMap>(
  element: HTMLElement,
  name: K,
  listener: (event: HTMLElementEventMap[K]) => void
): () => void {
  element.addEventListener(name, listener, { passive: false })
  return () => element.removeEventListener(name, listener)
}
