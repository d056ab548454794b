import type { Session } from '../app/session.ts'
import type { Lane, Piece } from '../history/lane.ts'
import { laneName } from '../history/lanes.ts'
import { lengthText, uptimeText } from '../history/times.ts'

/** Exact times and lengths of what is under the pointer, or of the lane that has the focus. */
export function Tip({
  session,
  lane,
  pieces,
  x,
  y,
  width
}: {
  session: Session
  lane: Lane
  pieces: readonly Piece[]
  x: number
  y: number
  width: number
}) {
  // Beside the pointer, on the side that has the room.
  const side = x > width / 2 ? { right: `${Math.max(0, width - x + 14)}px` } : { left: `${x + 14}px` }
  return (
    <div class="tip" style={{ top: `${y + 16}px`, ...side }}>
      <strong>{laneName(lane)}</strong>
      {pieces.length === 0 && <div>nothing here at this moment</div>}
      {pieces.map((piece) => (
        <div key={piece.half}>
          {piece.text}
          <div class="tip-times">{timesText(session, piece.from, piece.to)}</div>
          {piece.unsure !== null && <div>unsure: {piece.unsure}</div>}
        </div>
      ))}
    </div>
  )
}

function timesText({ history, lastTime }: Session, from: number, to: number): string {
  const begin = history.uptimeNs(from)
  if (to === Number.POSITIVE_INFINITY) {
    return `${uptimeText(begin)} and still (${lengthText(history.uptimeNs(lastTime) - begin)} so far)`
  }
  const end = history.uptimeNs(to)
  return `${uptimeText(begin)} to ${uptimeText(end)}, ${lengthText(end - begin)}`
}
