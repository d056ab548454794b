import { join } from 'node:path'
import { type NewEvent, openSqliteLog } from '../../src/events/index.ts'
import { projections } from '../../src/projections/index.ts'
import { atLeast, type Bench, type Row, type Section, type Target } from '../bench.ts'
import { Emmett, toEmmett } from '../emmett.ts'
import { Floor } from '../floor.ts'
import { seed, stream } from '../histories.ts'
import { type Contender, interleave, perSecond, type Rate, type Rounds } from '../rounds.ts'
import { Workload } from '../workload.ts'

/**
 * Appends of one size: how many a round does, and how many Emmett does in about the same time. Those of one
 * event are enough for a checkpoint of the write-ahead log in every round.
 */
interface Size {
  readonly batch: number
  readonly appends: number
  readonly emmettAppends: number
}

const sizes: readonly Size[] = [
  { batch: 1, appends: 600, emmettAppends: 60 },
  { batch: 100, appends: 20, emmettAppends: 7 },
  { batch: 1000, appends: 5, emmettAppends: 2 }
]

/** Many short rounds: what disturbs one of them is soon over, and the median does not see it. */
const rounds = { full: 33, quick: 3 }

const byText = { clock: '', processor: ", by the processor's time" } as const
const floorText = { floor: 'event and commit rows', bare: 'event rows alone' } as const

/** Events that are there before the first round: nobody appends to an empty log for long. */
const eventsBefore = 20_000

/**
 * klplog's append, with validation, known ids, checksum, digest and read models, beside the floor's and
 * Emmett's, all of them durable.
 */
export const append: Section = {
  name: 'append',
  async run(bench) {
    const rows: Row[] = []
    for (const size of sizes) rows.push(...rowsOf(size, await measure(bench, size)))
    return rows
  }
}

async function measure(bench: Bench, { batch, appends, emmettAppends }: Size): Promise<Rounds> {
  const path = (name: string) => join(bench.directory, `append-${name}-${batch}.db`)
  const scale = bench.quick ? 0.1 : 1
  const before = eventsBefore * scale
  const log = await openSqliteLog({ path: path('log'), readModels: [projections] })
  const floor = await Floor.open({ path: path('floor') })
  const bare = await Floor.open({ path: path('bare'), commits: false })
  const emmett = new Emmett(path('emmett'))
  const many = Math.max(2, appends * scale)
  const contenders = [
    await contender('klplog', batch, many, before, (events) => log.append(stream, 'any', events)),
    await contender('floor', batch, many, before, (events) => floor.append(events)),
    await contender('bare', batch, many, before, (events) => bare.append(events)),
    await contender(
      'emmett',
      batch,
      Math.max(2, emmettAppends * scale),
      before,
      (events) => emmett.append(events),
      toEmmett
    )
  ]
  const measured = await interleave(contenders, bench.quick ? rounds.quick : rounds.full, bench.machine)
  await log.close()
  floor.close()
  bare.close()
  return measured
}

/** A store with its own copy of the history; making the events is not part of the round's time. */
async function contender<E = NewEvent>(
  name: string,
  batch: number,
  appends: number,
  before: number,
  add: (events: readonly E[]) => unknown,
  convert: (event: NewEvent) => E = (event) => event as E
): Promise<Contender> {
  const workload = new Workload(seed)
  for (let done = 0; done < before; done += 1000) await add(workload.take(1000).map(convert))
  return {
    name,
    run: () => {
      const batches = Array.from({ length: appends }, () => workload.take(batch).map(convert))
      return perSecond(appends * batch, async () => {
        for (const events of batches) await add(events)
      })
    }
  }
}

function rowsOf({ batch }: Size, measured: Rounds): Row[] {
  const row = (floor: 'floor' | 'bare', by: keyof Rate, targets: Target[] = []): Row => ({
    what: `append of ${batch}${byText[by]}; floor: ${floorText[floor]}`,
    unit: 'events/s',
    ours: measured.median('klplog', by),
    floor: measured.median(floor, by),
    emmett: measured.median('emmett', by),
    ofFloor: measured.ratio('klplog', floor, by),
    ofEmmett: measured.ratio('klplog', 'emmett', by),
    targets
  })
  const ofFloor = (floor: 'floor' | 'bare') => measured.ratio('klplog', floor)
  if (batch === 1) {
    const ofEmmett = measured.ratio('klplog', 'emmett')
    return [
      row('floor', 'clock', [atLeast(0.85, 'floor', ofFloor('floor')), atLeast(12, 'Emmett', ofEmmett)]),
      row('floor', 'processor'),
      row('bare', 'clock')
    ]
  }
  const claims = batch === 1000 ? [atLeast(0.6, 'floor', ofFloor('bare'))] : []
  return [row('bare', 'clock', claims), row('bare', 'processor')]
}
