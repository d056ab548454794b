/** What one client, or all together, may take of the service. */
export interface Limits {
  readonly bodyBytesMax: number
  readonly eventsPerAppendMax: number
  readonly pageMax: number
  /** Requests a second of one client, and how many at once after a silence. */
  readonly requestsPerSecond: number
  readonly requestsBurst: number
  readonly connectionsMax: number
  readonly liveReadersMax: number
  /** How long a live reader may leave what was sent to it unread. */
  readonly slowReaderMs: number
  readonly jobsRunningMax: number
  readonly jobsWaitingMax: number
  readonly jobsKeptMax: number
  /** How much text the results of jobs that are kept may be together; the last one is kept whatever it is. */
  readonly jobResultCharsMax: number
  readonly headersTimeoutMs: number
  readonly requestTimeoutMs: number
  /** How long a stop waits for requests that are under way. */
  readonly stopMs: number
}

export const defaultLimits: Limits = {
  bodyBytesMax: 8 * 1024 * 1024,
  eventsPerAppendMax: 10_000,
  pageMax: 1000,
  requestsPerSecond: 200,
  requestsBurst: 400,
  connectionsMax: 1000,
  liveReadersMax: 500,
  slowReaderMs: 15_000,
  jobsRunningMax: 1,
  jobsWaitingMax: 16,
  jobsKeptMax: 100,
  jobResultCharsMax: 64 * 1024 * 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  stopMs: 10_000
}
