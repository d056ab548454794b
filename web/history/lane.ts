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
  /** When calls did not reach the hook. */
  readonly gaps: readonly { readonly from: number; readonly to: number }[]
}

/** What a lane says right behind an event: one text, or one for either side of a transition. */
export function pieceTextsAt({ pieces }: Lane, position: number): string[] {
  return piecesAt(pieces, position).map(({ text }) => text)
}

/** Whether something about the lane begins or ends with this event. */
export function changesAt({ pieces }: Lane, position: number): boolean {
  return pieces.some((piece) => piece.fromPosition === position || piece.toPosition === position)
}

/** The pieces of a lane that hold right behind an event. */
export function piecesAt(pieces: readonly Piece[], position: number): Piece[] {
  return pieces.filter(
    ({ fromPosition, toPosition }) =>
      fromPosition <= position && (toPosition === null || position < toPosition)
  )
}

/** Neighbours that say the same become one. */
export function joined(pieces: readonly Piece[]): Piece[] {
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
