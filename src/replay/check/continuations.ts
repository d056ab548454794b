import type { Operation } from '../../kernel/index.ts'
import type { KernelState } from '../../projections/index.ts'

/** Something that could have been done at a moment instead of what was. */
export interface Continuation {
  /** What, so that it fits behind "if". */
  readonly name: string
  readonly operations: readonly Operation[]
}

/**
 * What is tried to get round a violation, the least deed first: nothing, a reverse, a flag set back, a disable, and
 * the detach of the program that it is about.
 */
export function continuationsAt(state: KernelState, subject: string): Continuation[] {
  return [
    { name: 'nothing more had been asked of the kernel', operations: [] },
    ...reverse(state),
    ...flags(state),
    ...disables(state),
    ...detach(state, subject)
  ]
}

function reverse({ transition }: KernelState): Continuation[] {
  if (transition === null) return []
  const { patch, goal } = transition
  const value = goal === 'patched' ? '0' : '1'
  return [
    {
      name: `the transition of ${patch} had been reversed`,
      operations: [{ op: 'write-enabled', patch, value }]
    }
  ]
}

function flags({ patches, transition }: KernelState): Continuation[] {
  return patches
    .filter(
      ({ name, offList, replaceable }) => !offList && replaceable !== null && name !== transition?.patch
    )
    .map(({ name: patch, replaceable }) => {
      const value = replaceable === true ? '0' : '1'
      const operation = { op: 'write-replaceable', patch, value } as const
      return { name: `replaceable of ${patch} had been set to ${value}`, operations: [operation] }
    })
}

function disables({ patches, transition }: KernelState): Continuation[] {
  if (transition !== null) return []
  return patches
    .filter(({ enabled, offList }) => enabled && !offList)
    .map(({ name: patch }) => ({
      name: `${patch} had been disabled`,
      operations: [{ op: 'write-enabled', patch, value: '0' } as const]
    }))
}

function detach({ hooks }: KernelState, subject: string): Continuation[] {
  const hook = hooks.find(({ key }) => key === subject)
  if (hook === undefined) return []
  const { program } = hook
  return [{ name: `${program} had been detached`, operations: [{ op: 'detach', program }] }]
}
