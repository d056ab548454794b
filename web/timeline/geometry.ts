/** Where things are on the timeline, in CSS pixels. */
export interface Geometry {
  readonly width: number
  readonly height: number
  readonly axisHeight: number
  readonly rowHeight: number
  /** A lane's bar within its row: below the label where there is no room beside it. */
  readonly barTop: number
  readonly barHeight: number
  readonly scrollTop: number
}

export const axisHeight = 22

/** A narrow page has a lane's label above its bar; a wide one beside it. */
export function rowOf(isNarrow: boolean): Pick<Geometry, 'rowHeight' | 'barTop' | 'barHeight'> {
  return isNarrow ? { rowHeight: 50, barTop: 20, barHeight: 26 } : { rowHeight: 36, barTop: 5, barHeight: 26 }
}
