import { blockedText, durationText, type KernelState, taskText } from '../../src/projections/index.ts'
import { uptimeText } from '../history/times.ts'

/** The transition under way: how far it is, and whom it waits for. */
export function TransitionPanel({ state, changed }: { state: KernelState; changed: ReadonlySet<string> }) {
  const { transition } = state
  if (transition === null) return <p class="none">No transition is under way.</p>
  const { patch, goal, switched, sinceNs, tries, forcedNs, signaledNs } = transition
  // A force has switched them all.
  const blocked = forcedNs === null ? [...transition.blocked] : []
  const all = switched.size + blocked.length
  return (
    <div class={changed.has('transition') ? 'changed' : ''}>
      <p>
        <strong>{patch}</strong> to {goal}, since {uptimeText(sinceNs)} (
        {durationText(state.uptimeNs - sinceNs)}
        {tries > 0 ? `, ${tries} tries` : ''})
      </p>
      <p class="progress-line">
        <progress value={switched.size} max={Math.max(1, all)} aria-label="Tasks that have switched" />
        {switched.size} switched, {blocked.length} not yet
      </p>
      {forcedNs !== null && <p>Forced at {uptimeText(forcedNs)}.</p>}
      {signaledNs !== null && <p>Signaled at {uptimeText(signaledNs)}.</p>}
      {transition.unsure !== null && <p class="why">Unsure who switched: {transition.unsure}.</p>}
      {blocked.length > 0 && (
        <ul class="blocked">
          {blocked.slice(0, 50).map(([key, task]) => (
            <li key={key}>
              <strong>{taskText(task.comm, Math.max(0, key))}</strong>{' '}
              {blockedText(task.reason, task.function)}
              <span class="quiet">
                {' '}
                ({task.tries} {task.tries === 1 ? 'try' : 'tries'} since {uptimeText(task.sinceNs)})
              </span>
            </li>
          ))}
          {blocked.length > 50 && <li>and {blocked.length - 50} more</li>}
        </ul>
      )}
    </div>
  )
}
