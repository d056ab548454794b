import type { EventData, HistoryEvent } from '../../events/index.ts'
import { damagedSubjects } from '../../projections/index.ts'
import { type Complaint, defineInvariant, everywhere } from './invariant.ts'

/** What a kernel with a bug leaves in memory; only a model tells of it. */
export const damageEvents = ['damage.done', 'damage.undone'] as const

/** The complaint about a damage that is being done, if it is of this kind. */
export function damageDone(
  event: HistoryEvent,
  kind: EventData<'damage.done'>['kind'],
  words: (subject: string) => string
): Complaint | null {
  if (event.type !== 'damage.done' || event.data.kind !== kind) return null
  const { subject } = event.data
  return { subject, text: words(subject) }
}

/** O3: klp_clear_object_relocs(). */
export const relocationsAreCleared = defineInvariant<null>({
  id: 'O3',
  says: 'No relocation of a patch points into a module that went, and the module can be loaded again.',
  holds: everywhere,
  applies: everywhere,
  reads: damageEvents,
  brokenBy: ['relocations-kept'],
  start: () => null,
  holding: (_memory, state) =>
    damagedSubjects(state, 'relocation').map((subject) => {
      const [patch, module] = subject.split(' ')
      return { subject, text: `${patch}'s relocations still point into ${module}, which went` }
    })
})
