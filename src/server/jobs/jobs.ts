import { randomUUID } from 'node:crypto'
import type { Limits } from '../limits.ts'
import { HttpProblem } from '../problem.ts'
import { Job, type JobState, type JobView, jobStates } from './job.ts'
import type { JobKindName } from './job-kinds.ts'

/** The jobs of the service: a few run, some wait, and the last that ended are remembered. */
export class Jobs {
  readonly #databasePath: string
  readonly #limits: Limits
  readonly #now: () => bigint
  readonly #jobs = new Map<string, Job>()

  constructor(databasePath: string, limits: Limits, now: () => bigint) {
    this.#databasePath = databasePath
    this.#limits = limits
    this.#now = now
  }

  /** @throws HttpProblem when too many wait already */
  start(kind: JobKindName, parameters: unknown): JobView {
    const waiting = this.#in('waiting').length
    if (waiting >= this.#limits.jobsWaitingMax) {
      throw new HttpProblem('busy', `${waiting} jobs wait already`, {
        hint: 'Wait for one to end, or cancel one with DELETE /v1/jobs/ID.',
        headers: { 'retry-after': '10' }
      })
    }
    const job = new Job(randomUUID(), { databasePath: this.#databasePath, kind, parameters }, this.#now)
    this.#jobs.set(job.id, job)
    this.#forgetOld()
    this.#runNext()
    return job.view()
  }

  /** All that are remembered, the newest first. */
  list(): JobView[] {
    return [...this.#jobs.values()].map((job) => job.view()).reverse()
  }

  /** @throws HttpProblem when there is no such job */
  find(id: string): Job {
    const job = this.#jobs.get(id)
    if (job !== undefined) return job
    throw new HttpProblem('not-found', `there is no job ${id}`, {
      hint: 'GET /v1/jobs lists those that are remembered.'
    })
  }

  /** How many there are in each state. */
  counts(): ReadonlyMap<JobState, number> {
    return new Map(jobStates.map((state) => [state, this.#in(state).length]))
  }

  async stop(): Promise<void> {
    const open = [...this.#jobs.values()].filter((job) => !job.hasEnded)
    await Promise.all(open.map((job) => job.cancel()))
  }

  #in(state: JobState): Job[] {
    return [...this.#jobs.values()].filter((job) => job.state === state)
  }

  #runNext(): void {
    const [next] = this.#in('waiting')
    if (next === undefined || this.#in('running').length >= this.#limits.jobsRunningMax) return
    void next.run().finally(() => {
      this.#forgetOld()
      this.#runNext()
    })
  }

  #forgetOld(): void {
    const { jobsKeptMax, jobResultCharsMax } = this.#limits
    let chars = 0
    for (const { resultChars } of this.#jobs.values()) chars += resultChars
    const last = [...this.#jobs.values()].findLast((job) => job.hasEnded)
    for (const [id, job] of this.#jobs) {
      if (this.#jobs.size <= jobsKeptMax && chars <= jobResultCharsMax) return
      if (!job.hasEnded || job === last) continue
      this.#jobs.delete(id)
      chars -= job.resultChars
    }
  }
}
