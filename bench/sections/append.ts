import { join } from 'node:path'
import { type NewEvent, openSqliteLog } from '../../src/events/index.ts'
import { projections } from '../../src/projections/index.ts'
import { atLeast, type Bench, type Row, type Section } from '../bench.ts'
import { Emmett, toEmmett } from '../emmett.ts'
import { Floor } from '../floor.ts'
import { seed, stream } from '../histories.ts'
import { type Contender, interleave, perSecond, type Rounds } from '../rounds.ts'
import { Workload } from '../workload.ts'

/** Appends of one size: how many a round does, and how many Emmett does in about the same time. */
interface Size {
  readonly batch: number
  readonly appends: number
  readonly emmettAppends: number
}

const sizes: readonly Size[] = [
  { batch: 1, appends: 1500, emmettAppends: 150 },
  { batch: 100, appends: 60, emmettAppends: 20 },
  { batch: 1000, appends: 15, emmettAppends: 5 }
]

/** Events that are there before the first round: nobody appends to an empty log for long. */
const eventsBefore = 20_000

/**
 * klplog's append, with validation, known ids, checksum, digest and read models, beside the floor's and Emmett's,
 * all of them durable.
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
  const rounds = await interleave(contenders, bench.quick ? 2 : 11, bench.machine)
  await log.close()
  floor.close()
  bare.close()
  return rounds
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

function rowsOf({ batch }: Size, rounds: Rounds): Row[] {
  const what = `append of ${batch}`
  const row = (floor: string, text: string): Row => ({
    what: `${what}; floor: ${text}`,
    unit: 'events/s',
    ours: rounds.median('klplog'),
    floor: rounds.median(floor),
    emmett: rounds.median('emmett'),
    ofFloor: rounds.ratio('klplog', floor),
    ofEmmett: rounds.ratio('klplog', 'emmett'),
    targets: []
  })
  const whole = row('floor', 'event and commit rows')
  const bare = row('bare', 'event rows alone')
  const ofEmmett = whole.ofEmmett as number
  if (batch === 1) {
    const targets = [atLeast(whole.ofFloor as number, 0.85, 'floor'), atLeast(ofEmmett, 12, 'Emmett')]
    return [{ ...whole, targets }, bare]
  }
  return [{ ...bare, targets: batch === 1000 ? [atLeast(bare.ofFloor as number, 0.6, 'floor')] : [] }]
}
