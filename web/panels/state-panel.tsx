import type { ComponentChildren } from 'preact'
import type { KernelState } from '../../src/projections/index.ts'
import type { SwitchCurve } from '../history/switch-curves.ts'
import { uptimeText } from '../history/times.ts'
import { FunctionStacks } from './function-stacks.tsx'
import { HookTable } from './hook-table.tsx'
import { PatchList } from './patch-list.tsx'
import { TransitionPanel } from './transition-panel.tsx'

/** The state at the cursor; what the cursor's event changed is marked. */
export function StatePanel({
  state,
  versions,
  changed,
  curve,
  children
}: {
  state: KernelState
  versions: ReadonlyMap<string, number>
  changed: ReadonlySet<string>
  curve: SwitchCurve | undefined
  /** What chooses the history, where there are two. */
  children: ComponentChildren
}) {
  const doubt = state.doubt.patches ?? state.doubt.hooks
  return (
    <section class="panel state" aria-labelledby="state-title">
      <h2 id="state-title">State at the cursor</h2>
      {children}
      {doubt !== null && (
        <p class="why">
          Unsure since {uptimeText(doubt.sinceNs)}: {doubt.reason}. A snapshot will tell.
        </p>
      )}
      <h3>Function stacks, the top first; ◂ whose calls run it</h3>
      <FunctionStacks state={state} versions={versions} changed={changed} />
      <h3>Hooks</h3>
      <HookTable state={state} changed={changed} />
      <h3>Transition</h3>
      <TransitionPanel state={state} changed={changed} curve={curve} />
      <h3>Patch stack</h3>
      <PatchList state={state} versions={versions} changed={changed} />
    </section>
  )
}
