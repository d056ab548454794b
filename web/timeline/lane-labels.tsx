import type { Page } from '../app/page.ts'
import type { Lane } from '../history/lane.ts'
import { changesAt, pieceTextsAt } from '../history/lane.ts'
import { laneName } from '../history/lanes.ts'
import { type SwitchCurve, switchedAt } from '../history/switch-curves.ts'
import { Kept } from '../panels/kept.tsx'
import { axisHeight } from './geometry.ts'

/** The lanes' names, each with what it says at the cursor: the timeline for whoever does not see it. */
export function LaneLabels({
  page,
  lanes,
  position,
  time,
  curve,
  rowHeight,
  onFocus
}: {
  page: Page
  lanes: readonly Lane[]
  position: number
  time: number
  curve: SwitchCurve | undefined
  rowHeight: number
  /** The row whose label has the focus; null: none any more. */
  onFocus: (row: number | null) => void
}) {
  return (
    <ul class="lane-labels" style={{ top: `${axisHeight}px`, height: `${lanes.length * rowHeight}px` }}>
      {lanes.map((lane, row) => {
        const texts = pieceTextsAt(lane, position)
        const says =
          texts.length === 0 ? absent[lane.kind] : `${texts.join('; ')}${switchedText(lane, curve, time)}`
        const isChanged = changesAt(lane, position)
        return (
          <Kept
            key={lane.key}
            shows={`${row} ${rowHeight} ${isChanged} ${says}`}
            draw={() => (
              <li style={{ height: `${rowHeight}px` }}>
                <button
                  type="button"
                  class={`lane-label ${isChanged ? 'changed' : ''}`}
                  title={`${laneName(lane)}: to its next change (with Shift to the one before)`}
                  onClick={(event) => page.stepInLane(lane.key, !event.shiftKey)}
                  onFocus={() => onFocus(row)}
                  onBlur={() => onFocus(null)}
                >
                  <span class="lane-name">
                    <span class={`kind kind-${lane.kind}`}>{kindWords[lane.kind]}</span> {lane.label}
                  </span>{' '}
                  <span class="lane-says">{says}</span>
                  <span class="sr-only">, to its next change</span>
                </button>
              </li>
            )}
          />
        )
      })}
    </ul>
  )
}

const kindWords = { patch: 'patch', function: 'func', hook: 'hook' } as const
const absent = { patch: 'not loaded', function: 'original, not patched', hook: 'not attached' } as const

/** How many tasks have switched, for a patch in transition. */
function switchedText({ kind, label }: Lane, curve: SwitchCurve | undefined, time: number): string {
  if (kind !== 'patch' || curve?.patch !== label) return ''
  return `, ${switchedAt(curve, time)} of ${curve.named.size} tasks switched`
}
