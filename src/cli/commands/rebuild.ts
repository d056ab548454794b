import { defineCommand } from '../command.ts'
import { withWritableLog } from '../database.ts'
import { counted } from '../output.ts'
import { eventProgress } from '../progress.ts'

/** `klplog rebuild`: the read models anew. */
export const rebuild = defineCommand({
  name: 'rebuild',
  group: 'The log itself:',
  summary: 'make what is derived from the events again',
  description: `Throws away the time spans and the state snapshots that answers are read from, and makes them
again from the events alone. All happens in one transaction: readers see the old ones until it is done.
It also brings the database of an older klplog up to date.`,
  examples: ['klplog rebuild'],
  run: (app) =>
    withWritableLog(app, { make: false }, async (log) => {
      const progress = eventProgress(app.io, 'rebuild')
      const { events } = await log.rebuild((done, total) => progress.reach(done, total))
      progress.stop()
      await app.note(`rebuilt from ${counted(events, 'event')}`)
      return undefined
    })
})
