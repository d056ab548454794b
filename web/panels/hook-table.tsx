import { type HookRow, hookPlace, hookRows, type KernelState } from '../../src/projections/index.ts'
import { Kept } from './kept.tsx'

const reachWords: Readonly<Record<string, string>> = {
  all: 'all tasks',
  none: 'no task',
  switched: 'switched tasks only',
  unswitched: 'unswitched tasks only'
}

/** Every attached program: where it hangs, and whose calls reach it. */
export function HookTable({ state, changed }: { state: KernelState; changed: ReadonlySet<string> }) {
  const rows = hookRows(state)
  if (rows.length === 0) return <p class="none">No BPF program is attached.</p>
  return (
    <ul class="hooks">
      {rows.map((row, n) => {
        const isChanged = changed.has(`hook ${row.program}`)
        return (
          <Kept
            key={`${row.program} ${n}`}
            shows={JSON.stringify([row, isChanged])}
            draw={() => <Row row={row} isChanged={isChanged} />}
          />
        )
      })}
    </ul>
  )
}

function Row({ row, isChanged }: { row: HookRow; isChanged: boolean }) {
  return (
    <li class={`${isChanged ? 'changed' : ''} ${row.reach === 'all' ? '' : 'alarm'}`}>
      <strong>{row.program}</strong> <span class="quiet">{row.kind} on</span> {hookPlace(row)}
      {row.overrides === true && <span class="quiet">, overrides the return value</span>}
      <div>
        <span class={`status status-${row.reach === 'all' ? 'good' : 'bad'}`}>{row.status}</span> reached by{' '}
        {reachWords[row.reach] ?? row.reach}
      </div>
      {row.reason !== null && <div class="why">{row.reason}</div>}
    </li>
  )
}
