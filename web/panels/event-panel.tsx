import { actorText, eventSentence, type TimelineEvent } from '../../src/projections/index.ts'
import type { Changed } from '../history/changed.ts'
import { lengthText, uptimeText, wallText } from '../history/times.ts'

/** The event at the cursor: what it says, what it changed, and the evidence that it came from. */
export function EventPanel({
  event,
  changed,
  bootNs,
  behindNs
}: {
  event: TimelineEvent | undefined
  changed: Changed
  bootNs: string | null
  /** How long after the event the cursor stands. */
  behindNs: bigint
}) {
  return (
    <section class="panel event" aria-labelledby="event-title">
      <h2 id="event-title">Event at the cursor</h2>
      {event === undefined ? (
        <p class="none">The cursor is before the first event.</p>
      ) : (
        <Told event={event} changed={changed} bootNs={bootNs} behindNs={behindNs} />
      )}
    </section>
  )
}

function Told({
  event,
  changed,
  bootNs,
  behindNs
}: {
  event: TimelineEvent
  changed: Changed
  bootNs: string | null
  behindNs: bigint
}) {
  const { evidence, data } = event
  const by = 'actor' in data ? actorText(data.actor) : null
  return (
    <>
      <p class="headline">
        <span class="position">@{event.position}</span> <span class="time">{uptimeText(event.uptimeNs)}</span>{' '}
        <code>{event.type}</code>
      </p>
      {bootNs !== null && <p class="quiet time">{wallText(BigInt(bootNs) + event.uptimeNs)}</p>}
      <p class="sentence">{eventSentence(event)}</p>
      {by !== null && <p class="quiet">by {by}</p>}
      {behindNs > 0n && <p class="quiet">The cursor stands {lengthText(behindNs)} after it.</p>}
      <h3>What it changed</h3>
      {changed.lines.length === 0 ? (
        <p class="none">Nothing that is patched, hooked or under way.</p>
      ) : (
        <ul class="change-lines">
          {changed.lines.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      )}
      <h3>Evidence</h3>
      <p class="quiet">
        {evidence.source}
        {evidence.line === 0 ? '' : `:${evidence.line}`}
        {evidence.inferred === true && ". Inferred: it follows from this line by the kernel's rules"}
        {evidence.latin1 === true && '. Not UTF-8: shown one character a byte'}
      </p>
      <Raw name="Raw evidence" text={evidence.raw} />
      <details>
        <summary>Data of the event</summary>
        <Raw name="Data of the event" text={JSON.stringify(data, null, 2)} />
      </details>
    </>
  )
}

/** Text as it is, which may be long. */
function Raw({ name, text }: { name: string; text: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also by keys
    <section class="raw" aria-label={name} tabIndex={0}>
      <pre>{text}</pre>
    </section>
  )
}
