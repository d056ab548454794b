import { type DamageKind, damagedSubjects, isDamaged } from '../projections/index.ts'
import type { Act } from './act.ts'

/** What is wrong in the memory of a module, its patch and its objects. */
const ofModules: readonly DamageKind[] = ['object-mod', 'relocation', 'module-reference']

/** free_module(): with the memory goes what was wrong in it. */
export function forgetDamage(act: Act, module: string): void {
  for (const kind of ofModules) {
    for (const subject of damagedSubjects(act.state, kind)) {
      if (subject === module || subject.startsWith(`${module} `)) act.tell('damage.undone', { kind, subject })
    }
  }
}

/** What was wrong is put right by what happens next; nothing is told where nothing was wrong. */
export function repair(act: Act, kind: DamageKind, subject: string): void {
  if (isDamaged(act.state, kind, subject)) act.tell('damage.undone', { kind, subject })
}
