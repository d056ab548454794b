/** How a stretch of a lane looks; a version's number picks its colour. */
export type Tone =
  | { readonly kind: 'version'; readonly version: number }
  | { readonly kind: 'original' }
  /** The original function although patches lie below: a nop hides them. */
  | { readonly kind: 'nop' }
  | { readonly kind: 'waiting'; readonly version: number }
  | { readonly kind: 'leaving'; readonly version: number }
  | { readonly kind: 'reached' }
  | { readonly kind: 'partly' }
  | { readonly kind: 'missed' }

/** A stretch of a lane in which nothing changed. */
export interface Piece {
  /** Ns since the history's base; `to` is Infinity where it still holds. */
  readonly from: number
  readonly to: number
  readonly fromPosition: number
  readonly toPosition: number | null
  readonly text: string
  readonly tone: Tone
  /** In a transition the upper half is for tasks that have not switched, the lower for those that have. */
  readonly half: 'whole' | 'upper' | 'lower'
  readonly unsure: string | null
}

/** One line of the timeline. */
export interface Lane {
  readonly kind: 'patch' | 'function' | 'hook'
  /** Unique among lanes: kind and subject. */
  readonly key: string
  readonly label: string
  /** Where it is: an object, a hook's place. */
  readonly place: string
  readonly pieces: readonly Piece[]
  /** The same by half: within one they follow each other, and do not overlap. */
  readonly halves: readonly (readonly Piece[])[]
  /** When calls did not reach the hook. */
  readonly gaps: readonly { readonly from: number; readonly to: number }[]
}

/** A lane of these pieces, which are in order. */
export function laneOf(lane: Omit<Lane, 'pieces' | 'halves'>, stretches: readonly Piece[]): Lane {
  const pieces = joined(stretches)
  const halves = (['whole', 'upper', 'lower'] as const).map((half) =>
    pieces.filter((one) => one.half === half)
  )
  return { ...lane, pieces, halves }
}

/** What a lane says right behind an event: one text, or one for either side of a transition. */
export function pieceTextsAt(lane: Lane, position: number): string[] {
  return piecesAt(lane, position).map(({ text }) => text)
}

/** Whether something about the lane begins or ends with this event. */
export function changesAt({ halves }: Lane, position: number): boolean {
  return halves.some((pieces) => {
    const last = lastFrom(pieces, 'fromPosition', position)
    return last?.fromPosition === position || last?.toPosition === position
  })
}

/** The pieces of a lane that hold right behind an event. */
export function piecesAt({ halves }: Lane, position: number): Piece[] {
  return halves.flatMap((pieces) => {
    const last = lastFrom(pieces, 'fromPosition', position)
    return last !== undefined && (last.toPosition === null || position < last.toPosition) ? [last] : []
  })
}

/** The last piece that begins at or before a place. */
function lastFrom(pieces: readonly Piece[], by: 'fromPosition' | 'from', limit: number): Piece | undefined {
  return pieces[indexFrom(pieces, by, limit)]
}

/** The index of the last piece that begins at or before a place; -1 where none does. */
export function indexFrom(pieces: readonly Piece[], by: 'fromPosition' | 'from', limit: number): number {
  let [low, high] = [0, pieces.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((pieces[middle]?.[by] ?? 0) <= limit) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** Neighbours that say the same become one. */
function joined(pieces: readonly Piece[]): Piece[] {
  const result: Piece[] = []
  for (const piece of pieces) {
    const at = result.findLastIndex(({ half }) => half === piece.half)
    const last = result[at]
    const same =
      last !== undefined &&
      last.toPosition === piece.fromPosition &&
      last.to === piece.from &&
      last.text === piece.text &&
      last.tone.kind === piece.tone.kind &&
      last.unsure === piece.unsure
    if (same) result[at] = { ...last, to: piece.to, toPosition: piece.toPosition }
    else result.push(piece)
  }
  return result
}
