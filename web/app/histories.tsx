import { uptimeText } from '../history/times.ts'
import type { Palette } from '../timeline/palette.ts'
import { Timeline } from '../timeline/timeline.tsx'
import type { Page } from './page.ts'
import type { Session } from './session.ts'
import type { View } from './view.ts'

interface HistoriesProps {
  page: Page
  view: View
  session: Session
  palette: Palette
  isNarrow: boolean
}

/** The timeline; with another history to compare, both, one above the other, and where they part. */
export function Histories({ page, view, session, palette, isNarrow }: HistoriesProps) {
  const shared = { page, view, palette, isNarrow }
  const { other, partsAt, compare } = view
  if (other === null) {
    return (
      <>
        <Timeline {...shared} session={session} name="Moment on the timeline" />
        {compare !== null && view.following !== null && (
          <p class="waits">
            Under {compare.policy}: {compare.says ?? 'the service is asked'}
          </p>
        )}
      </>
    )
  }
  return (
    <div class="compared">
      <h3>{sideText('Above', session)}</h3>
      <Timeline {...shared} session={session} name="Moment on the timeline" />
      <h3>
        {sideText('Below', other)}
        {partsAt === null ? (
          '; the two never part'
        ) : (
          <button type="button" onClick={() => page.moveToTime(partsAt)}>
            They part at {uptimeText(session.history.uptimeNs(partsAt))} (≠)
          </button>
        )}
        {compare?.says}
      </h3>
      <Timeline {...shared} session={other} name="Moment on the other timeline" />
    </div>
  )
}

function sideText(where: string, { head, findings }: Session): string {
  const gaps = findings.filter(({ kind }) => kind === 'gap').length
  return `${where}: ${head.stream}, ${head.policy ?? 'unknown'} policy, ${gaps} ${gaps === 1 ? 'gap' : 'gaps'}`
}
