import type { KernelState, PatchState } from '../../src/projections/index.ts'
import { uptimeText } from '../history/times.ts'
import { Kept } from './kept.tsx'
import { Swatch } from './swatch.tsx'

/** klp_patches in list order, the newest on top as on the stacks. */
export function PatchList({
  state,
  versions,
  changed
}: {
  state: KernelState
  versions: ReadonlyMap<string, number>
  changed: ReadonlySet<string>
}) {
  if (state.patches.length === 0) return <p class="none">No patch is loaded.</p>
  const rows = state.patches.map((patch, n) => ({ patch, order: n + 1 })).reverse()
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">#</th>
          <th scope="col">Patch</th>
          <th scope="col">State</th>
          <th scope="col">Traits</th>
          <th scope="col">Since</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ patch, order }) => {
          const says = [stateOf(patch, state), traitsOf(patch, state).join(', '), uptimeText(patch.sinceNs)]
          const isChanged = changed.has(`patch ${patch.name}`)
          return (
            <Kept
              key={patch.name}
              shows={JSON.stringify([order, patch.name, says, isChanged])}
              draw={() => (
                <tr class={isChanged ? 'changed' : ''}>
                  <td>{order}</td>
                  <th scope="row">
                    <Swatch version={versions.get(patch.name)} /> {patch.name}
                  </th>
                  <td>{says[0]}</td>
                  <td>{says[1]}</td>
                  <td class="time">{says[2]}</td>
                </tr>
              )}
            />
          )
        })}
      </tbody>
    </table>
  )
}

function stateOf(patch: PatchState, { transition }: KernelState): string {
  if (patch.replacedBy !== null) return `replaced by ${patch.replacedBy}`
  if (transition?.patch === patch.name) return patch.enabled ? 'enabling…' : 'disabling…'
  return patch.enabled ? 'enabled' : 'disabled'
}

/** Only what decides about others: each policy has its own attribute. */
function traitsOf(patch: PatchState, { policy }: KernelState): string[] {
  const traits: string[] = []
  if (patch.replace === true) traits.push('replaces')
  if (policy === 'hybrid' && patch.replaceable !== null)
    traits.push(patch.replaceable ? 'replaceable' : 'not replaceable')
  if (policy === 'replace-set' && patch.replaceSet !== null) traits.push(`set ${patch.replaceSet}`)
  if (patch.forced) traits.push('pinned by a force')
  return traits
}
