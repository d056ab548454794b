import { eventGroupNames } from '../history/event-filter.ts'
import type { Page } from './page.ts'
import type { View } from './view.ts'

/** Which events the list shows: a search, groups of types, and only what changed something. */
export function Filters({ page, view }: { page: Page; view: View }) {
  const { filter, places, session } = view
  const all = session?.history.length ?? 0
  return (
    <search class="filters">
      <input
        type="search"
        id="search"
        aria-label="Search events"
        placeholder="Search events and evidence"
        value={filter.search}
        onInput={(event) => page.choose({ search: event.currentTarget.value })}
      />
      <fieldset>
        <legend class="sr-only">Groups of events</legend>
        {eventGroupNames.map((group) => (
          <label key={group} class="check">
            <input
              type="checkbox"
              checked={!filter.hidden.includes(group)}
              onChange={(event) => {
                const others = filter.hidden.filter((one) => one !== group)
                page.choose({ hidden: event.currentTarget.checked ? others : [...others, group] })
              }}
            />
            {group}
          </label>
        ))}
        <label class="check">
          <input
            type="checkbox"
            checked={filter.onlyChanges}
            onChange={(event) => page.choose({ onlyChanges: event.currentTarget.checked })}
          />
          only changes
        </label>
      </fieldset>
      <span class="quiet count">
        {places.length === all ? `${all} events` : `${places.length} of ${all} events`}
      </span>
    </search>
  )
}
