import { clockAhead, clockBack, collectorDied, cut, duplicated, reordered } from './evidence-disorder.ts'
import type { EvidenceFault } from './evidence-fault.ts'
import {
  collectorRestarted,
  lostEvents,
  lostSilently,
  lostUncounted,
  twoCollectors
} from './evidence-losses.ts'

/** Every way in which evidence goes wrong, in the order in which reports have them. */
export const evidenceFaults: readonly EvidenceFault[] = [
  lostEvents,
  lostSilently,
  duplicated,
  reordered,
  cut,
  clockBack,
  clockAhead,
  collectorRestarted,
  twoCollectors,
  lostUncounted,
  collectorDied
]
