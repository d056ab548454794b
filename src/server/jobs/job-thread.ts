import { parentPort, workerData } from 'node:worker_threads'
import { type JobKind, type JobKindName, jobKinds } from './job-kinds.ts'

/** What a job's thread is given. */
export interface JobOrder {
  readonly databasePath: string
  readonly kind: JobKindName
  readonly parameters: unknown
}

/** What it tells. */
export type JobNews =
  | { readonly news: 'progress'; readonly done: number; readonly total: number }
  | { readonly news: 'result'; readonly result: unknown; readonly chars: number }
  | { readonly news: 'failure'; readonly message: string; readonly hint: string | null }

/** More often than so nobody looks. */
const progressMs = 100

const { databasePath, kind, parameters } = workerData as JobOrder
let toldAtMs = 0

function tell(news: JobNews): void {
  parentPort?.postMessage(news)
}

try {
  const work: JobKind = jobKinds[kind]
  const result = await work.run(databasePath, parameters, (done, total) => {
    const nowMs = performance.now()
    if (nowMs - toldAtMs < progressMs && done < total) return
    toldAtMs = nowMs
    tell({ news: 'progress', done, total })
  })
  tell({ news: 'result', result, chars: JSON.stringify(result).length })
} catch (error) {
  const hint = error instanceof Error && 'hint' in error ? String(error.hint) : null
  tell({ news: 'failure', message: error instanceof Error ? error.message : String(error), hint })
}
