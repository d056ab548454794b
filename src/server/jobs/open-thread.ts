import { Worker, type WorkerOptions } from 'node:worker_threads'
import type { JobOrder } from './job-thread.ts'

/** A job must not take the memory that the service needs. */
const memoryMbMax = 1024

/** Opens a job's thread: of the compiled file, or of the source where that is what runs. */
export function openThread(order: JobOrder): Worker {
  const options: WorkerOptions = {
    workerData: order,
    resourceLimits: { maxOldGenerationSizeMb: memoryMbMax }
  }
  if (!import.meta.url.endsWith('.ts'))
    return new Worker(new URL('./job-thread.js', import.meta.url), options)
  // A thread does not inherit what makes the source readable.
  const source = JSON.stringify(new URL('./job-thread.ts', import.meta.url).href)
  const code = `import('tsx/esm/api').then(({ register }) => (register(), import(${source})))`
  return new Worker(code, { ...options, eval: true })
}
