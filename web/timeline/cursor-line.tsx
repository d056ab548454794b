/** The cursor: an element of its own, so that to move it the browser has nothing to draw anew. */
export function CursorLine({ x }: { x: number }) {
  return <div class="cursor-line" style={{ transform: `translateX(${Math.round(x) - 1}px)` }} />
}
