import type { Policy, ReadModelSource, StreamInfo } from '../../events/index.ts'
import type { ModuleSpec } from '../../kernel/index.ts'
import { type Asker, timelineLines } from '../../projections/index.ts'
import { recordedViolations } from '../check/recorded-violations.ts'
import { whatIfHistory } from './what-if-answer.ts'

/**
 * The timeline that a stream would have had under another policy, as `timelineLines` gives the recorded one.
 * @throws QuestionError as `whatIfAnswer`
 */
export async function* whatIfTimeline(
  asker: Pick<Asker, 'option'>,
  log: ReadModelSource,
  stream: StreamInfo,
  policy: Policy
): AsyncGenerator<string> {
  const asked = { policy, added: [], without: [], manifest: new Map<string, ModuleSpec>(), task: null }
  const other = await whatIfHistory(asker, log, stream, asked)
  const info = { ...other.info, stream: `${stream.stream} under ${policy}` }
  yield* timelineLines(other.log, info, await recordedViolations(other.log, info))
}
