import type { VNode } from 'preact'
import { useMemo } from 'preact/hooks'

/**
 * A part of a panel that is drawn anew only when what it shows differs; `shows` is all that it depends on. A drag
 * gives the panels another state each frame, and most of it says the same as the one before.
 */
export function Kept({ shows, draw }: { shows: string; draw: () => VNode }) {
  return useMemo(draw, [shows])
}
