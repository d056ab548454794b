import type { Policy, ReadModelSource } from '../../events/index.ts'
import { QuestionError, stateAt } from '../../projections/index.ts'
import { invariantsFor } from '../invariants/catalogue.ts'
import type { Invariant } from '../invariants/invariant.ts'
import { historyWorld } from '../recorded/history-world.ts'
import { rulesOf } from '../scenario/run-scenario.ts'
import { checkHistory, type Finding } from './check-history.ts'

/** What a stream is checked for. */
export interface StreamCheck {
  /** Whose promises are asked for, and the policy that the kernel had where that is known. */
  readonly policy: Policy
  readonly recorded: Policy | null
  readonly invariants: readonly Invariant[]
}

/** Every violation of a stream's history; `onEvents` hears how many more events were looked at. */
export async function checkStream(
  log: Pick<ReadModelSource, 'read'>,
  stream: string,
  { policy, recorded, invariants }: StreamCheck,
  onEvents?: (count: number) => void
): Promise<Finding[]> {
  const facts = []
  const types = ['patch.enabled', 'module.loaded', 'command.ran']
  for await (const page of log.read({ stream, types })) facts.push(...page)
  const pages = async function* () {
    for await (const page of log.read({ stream })) {
      yield page
      onEvents?.(page.length)
    }
  }
  return checkHistory(pages, {
    invariants,
    laws: historyWorld(facts, rulesOf[policy]),
    kernel: historyWorld(facts, rulesOf[recorded ?? policy])
  })
}

/**
 * What a stream is checked for where a policy or invariants may have been asked for by name.
 * @throws QuestionError when nothing tells the policy, or it has no such invariant
 */
export async function streamCheck(
  log: ReadModelSource,
  stream: string,
  lastPosition: number,
  asked: { readonly policy?: Policy | undefined; readonly invariant?: readonly string[] | undefined }
): Promise<StreamCheck> {
  const recorded = (await stateAt(log, stream, lastPosition)).policy
  const policy = asked.policy ?? recorded
  if (policy === null) {
    throw new QuestionError(
      `${stream}: no snapshot of sysfs tells the kernel's policy`,
      'Say which policy it had.'
    )
  }
  const all = invariantsFor(policy)
  const unknown = asked.invariant?.find((id) => !all.some((one) => one.id === id))
  if (unknown !== undefined) {
    const known = all.map(({ id }) => id).join(', ')
    throw new QuestionError(`${policy} has no invariant ${unknown}`, `It has these: ${known}.`)
  }
  const invariants = all.filter(({ id }) => asked.invariant?.includes(id) ?? true)
  return { policy, recorded, invariants }
}
