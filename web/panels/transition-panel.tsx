import { useState } from 'preact/hooks'
import {
  type BlockedTask,
  blockedText,
  durationText,
  type KernelState,
  taskText
} from '../../src/projections/index.ts'
import type { SwitchCurve } from '../history/switch-curves.ts'
import { uptimeText } from '../history/times.ts'
import { Kept } from './kept.tsx'

/** A task that has not switched: what a try said of it, and when it did in the end. */
interface Waiting {
  readonly key: number
  readonly name: string
  readonly blocked: BlockedTask | undefined
}

/** More than these are there for whoever asks for them. */
const shownMax = 8

/** The transition under way: how far it is, and whom it waits for, also those that no try has named yet. */
export function TransitionPanel({
  state,
  changed,
  curve
}: {
  state: KernelState
  changed: ReadonlySet<string>
  curve: SwitchCurve | undefined
}) {
  const { transition } = state
  if (transition === null) return <p class="none">No transition is under way.</p>
  const { patch, goal, switched, sinceNs, tries, forcedNs, signaledNs } = transition
  const waiting = waitingOf(state, curve)
  return (
    <div class={changed.has('transition') ? 'changed' : ''}>
      <p>
        <strong>{patch}</strong> to {goal}, since {uptimeText(sinceNs)} (
        {durationText(state.uptimeNs - sinceNs)}
        {tries > 0 ? `, ${tries} ${tries === 1 ? 'try' : 'tries'}` : ''})
      </p>
      <p class="progress-line">
        <progress
          value={switched.size}
          max={Math.max(1, switched.size + waiting.length)}
          aria-label="Tasks that have switched"
        />
        {switched.size} switched, {waiting.length} not yet
      </p>
      {forcedNs !== null && <p>Forced at {uptimeText(forcedNs)}.</p>}
      {signaledNs !== null && <p>Signaled at {uptimeText(signaledNs)}.</p>}
      {transition.unsure !== null && <p class="why">Unsure who switched: {transition.unsure}.</p>}
      {waiting.length > 0 && (
        <>
          <h3>Tasks not yet switched</h3>
          <ul class="blocked">{waiting.slice(0, shownMax).map(taskRow)}</ul>
          {waiting.length > shownMax && <More waiting={waiting.slice(shownMax)} />}
        </>
      )}
    </div>
  )
}

/** The other tasks, which are in the document only while somebody looks at them. */
function More({ waiting }: { waiting: readonly Waiting[] }) {
  const [isOpen, setOpen] = useState(false)
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>and {waiting.length} more</summary>
      {isOpen && <ul class="blocked">{waiting.map(taskRow)}</ul>}
    </details>
  )
}

function taskRow({ key, name, blocked }: Waiting) {
  return (
    <Kept
      key={key}
      shows={`${name} ${blocked?.reason} ${blocked?.function} ${blocked?.tries} ${blocked?.sinceNs}`}
      draw={() => <WaitingTask name={name} blocked={blocked} />}
    />
  )
}

function WaitingTask({ name, blocked }: Omit<Waiting, 'key'>) {
  return (
    <li>
      <strong>{name}</strong>{' '}
      {blocked === undefined ? (
        <span class="quiet">not tried yet</span>
      ) : (
        <>
          {blockedText(blocked.reason, blocked.function)}{' '}
          <span class="quiet">
            ({blocked.tries} {blocked.tries === 1 ? 'try' : 'tries'} since {uptimeText(blocked.sinceNs)})
          </span>
        </>
      )}
    </li>
  )
}

/** Those that a try found blocked first; the others are known because the history goes on. */
function waitingOf({ transition }: KernelState, curve: SwitchCurve | undefined): Waiting[] {
  // A force has switched them all.
  if (transition === null || transition.forcedNs !== null) return []
  const blocked = [...transition.blocked].map(([key, task]) => {
    return { key, name: taskText(task.comm, Math.max(0, key)), blocked: task }
  })
  const later = [...(curve?.named ?? [])].filter(
    ([key]) => !transition.switched.has(key) && !transition.blocked.has(key)
  )
  return [
    ...blocked,
    ...later.map(([key, { comm, pid }]) => ({ key, name: taskText(comm, pid), blocked: undefined }))
  ]
}
