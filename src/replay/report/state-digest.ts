import { createHash } from 'node:crypto'
import { encodeState, type KernelState } from '../../projections/index.ts'

/** SHA-256 over all of a state: equal states have equal digests. */
export function stateDigest(state: KernelState): string {
  return createHash('sha256').update(encodeState(state)).digest('hex')
}
