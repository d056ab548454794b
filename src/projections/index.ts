/** The projections room: what the events mean. The state, its read models, and the questions on them. */
export {
  blameRow,
  blockingRows,
  type DiffAnswer,
  diffAnswer,
  eventRow,
  type GapRow,
  gapRow,
  type RunRow,
  runRow,
  type StreamRow,
  shownEvent,
  streamRows
} from './answers.ts'
export { type Asker, utc, type Zone } from './asked/asker.ts'
export { parseDuration, seconds } from './asked/duration.ts'
export { type EventFilter, type EventsAsked, openFilter } from './asked/event-filter.ts'
export {
  type MomentContext,
  momentForms,
  parseEpochSeconds,
  parseMoment,
  parseWallTime
} from './asked/moment.ts'
export { QuestionError } from './asked/question-error.ts'
export { fittingStreams, type StreamAsked, splitStream, streamAsked } from './asked/stream.ts'
export { bootTimeOf, positionAsked, type RangeAsked, rangeAsked } from './asked/stream-time.ts'
export { type Blame, blameOf } from './blame.ts'
export { type BlockedTaskRow, blockingOf, type TransitionWait } from './blocking.ts'
export { Changes } from './changes.ts'
export { decodeState, encodeState } from './codec.ts'
export { copyState } from './copy-state.ts'
export { type DamageKind, damagedSubjects, isDamaged } from './damage.ts'
export { unsureOf } from './doubt.ts'
export { errnoName } from './errno-name.ts'
export { eventSentence } from './event-sentence.ts'
export { evolve, fold } from './evolve.ts'
export { type Gap, gapsOf } from './gaps.ts'
export { hookRowsAt } from './hook-since.ts'
export { type HookStatus, type HookView, hookView, type Reach } from './hook-status.ts'
export { type DatedFact, type MemoryHistory, memoryHistory } from './memory-history.ts'
export { projections } from './read-model.ts'
export { isNamed, type Run, runsOf } from './runs.ts'
export { inScope, withNops } from './scope.ts'
export { shortestTransition } from './shortest-transition.ts'
export { readSpans, spanSubjects, type TimeRange } from './span-reader.ts'
export type { Span, SpanKind } from './span-tracker.ts'
export type { FunctionSpan, HookSpan, PatchSpan, TransitionSpan } from './spans.ts'
export { inTransition, ORIGINAL, versionAt } from './stack.ts'
export { type DatedPatch, type StackAnswer, stackAnswer } from './stack-answer.ts'
export {
  type FunctionView,
  functionViews,
  type HookRow,
  hookRows,
  type PatchView,
  type StackView,
  stackView
} from './stack-view.ts'
export {
  type BlockedTask,
  type DoubtPart,
  emptyState,
  findPatch,
  functionKey,
  type HookState,
  type KernelState,
  type ObjectState,
  type PatchState,
  type StackEntry,
  type TaskState,
  taskKey
} from './state.ts'
export { type Change, diffStates, isSameState, type StateDiff } from './state-diff.ts'
export { stateAt } from './time-travel.ts'
export {
  type TimelineGap,
  type TimelineHead,
  type TimelineSpan,
  type TimelineViolation,
  timelineHead
} from './timeline.ts'
export {
  decodeTimelinePage,
  encodeTimelinePage,
  type TimelineEvent,
  timelineLines
} from './timeline-page.ts'
export {
  actorText,
  blockedText,
  counted,
  countedAs,
  doing,
  durationText,
  functionText,
  hookPlace,
  milliseconds,
  splitFunction,
  stackText,
  taskText
} from './wording.ts'
