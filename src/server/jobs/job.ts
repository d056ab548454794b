import type { Worker } from 'node:worker_threads'
import { Signal } from '../live/signal.ts'
import type { JobKindName } from './job-kinds.ts'
import type { JobNews, JobOrder } from './job-thread.ts'
import { openThread } from './open-thread.ts'

export const jobStates = ['waiting', 'running', 'done', 'failed', 'cancelled'] as const
export type JobState = (typeof jobStates)[number]

/** What is told of a job. Times are ns since the epoch. */
export interface JobView {
  readonly id: string
  readonly kind: JobKindName
  readonly state: JobState
  readonly askedNs: string
  readonly endedNs: string | null
  readonly progress: { readonly done: number; readonly total: number } | null
  readonly result: unknown
  readonly failure: { readonly message: string; readonly hint: string | null } | null
}

/** One piece of long work: waits, runs in a thread, and ends in one of three ways. */
export class Job {
  readonly id: string
  readonly kind: JobKindName
  readonly #order: JobOrder
  readonly #now: () => bigint
  readonly #askedNs: bigint
  #worker: Worker | null = null
  #state: JobState = 'waiting'
  #progress: JobView['progress'] = null
  #result: unknown = null
  #resultChars = 0
  #failure: JobView['failure'] = null
  #endedNs: bigint | null = null
  /** Given at every change. */
  readonly changed = new Signal()

  constructor(id: string, order: JobOrder, now: () => bigint) {
    this.id = id
    this.kind = order.kind
    this.#order = order
    this.#now = now
    this.#askedNs = now()
  }

  get state(): JobState {
    return this.#state
  }

  get hasEnded(): boolean {
    return this.#endedNs !== null
  }

  /** How long its result is as JSON. */
  get resultChars(): number {
    return this.#resultChars
  }

  view(): JobView {
    return {
      id: this.id,
      kind: this.kind,
      state: this.#state,
      askedNs: String(this.#askedNs),
      endedNs: this.#endedNs === null ? null : String(this.#endedNs),
      progress: this.#progress,
      result: this.#result,
      failure: this.#failure
    }
  }

  /** Runs it; resolves when it has ended. */
  async run(): Promise<void> {
    this.#state = 'running'
    this.changed.give()
    const worker = openThread(this.#order)
    this.#worker = worker
    worker.on('message', (news: JobNews) => this.#hear(news))
    worker.on('error', (error) => this.#fail(`the job's thread broke: ${String(error)}`, null))
    await new Promise<void>((resolve) => worker.once('exit', () => resolve()))
    this.#fail("the job's thread ended without a result", null)
  }

  /** Stops it, wherever it is; what it had written of a transaction is undone. */
  async cancel(): Promise<void> {
    this.#end('cancelled')
    await this.#worker?.terminate()
  }

  #hear(news: JobNews): void {
    if (this.hasEnded) return
    if (news.news === 'progress') {
      this.#progress = { done: news.done, total: news.total }
      this.changed.give()
    } else if (news.news === 'result') {
      this.#result = news.result
      this.#resultChars = news.chars
      this.#end('done')
    } else {
      this.#fail(news.message, news.hint)
    }
  }

  #fail(message: string, hint: string | null): void {
    if (this.hasEnded) return
    this.#failure = { message, hint }
    this.#end('failed')
  }

  #end(state: JobState): void {
    if (this.hasEnded) return
    this.#state = state
    this.#endedNs = this.#now()
    this.changed.give()
  }
}
