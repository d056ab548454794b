import type { Endpoint } from './endpoint.ts'
import { append, reject } from './routes/append.ts'
import { event, events, timeline } from './routes/events.ts'
import { cancelJob, jobList, jobProgress, oneJob, startJob } from './routes/jobs.ts'
import { live } from './routes/live.ts'
import { blocking, gaps, runs, spans } from './routes/spans.ts'
import { blame, diff, hooks, stackEndpoint, state } from './routes/state.ts'
import { rejected, streams } from './routes/streams.ts'
import { violations } from './routes/violations.ts'

/** Every endpoint of /v1, in the order of the document. */
export const endpoints: readonly Endpoint[] = [
  state,
  stackEndpoint,
  hooks,
  gaps,
  runs,
  blocking,
  events,
  event,
  diff,
  blame,
  spans,
  timeline,
  violations,
  streams,
  rejected,
  append,
  reject,
  live,
  startJob,
  jobList,
  oneJob,
  cancelJob,
  jobProgress
]
