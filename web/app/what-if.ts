import { textLines } from './load.ts'
import type { Page } from './page.ts'
import type { Service } from './service.ts'

interface Job {
  readonly id: string
  readonly state: 'waiting' | 'running' | 'done' | 'failed' | 'cancelled'
  readonly result: { readonly lines: readonly string[] } | null
  readonly failure: { readonly message: string; readonly hint: string | null } | null
}

const words = { waiting: 'other jobs are before this one', running: 'the model runs' } as const

/** Whenever the reader chooses another policy, has the service work out what it would have come to. */
export function answerWhatIf(page: Page, service: Service, stream: string): void {
  let asked: string | null = null
  let wanted = new AbortController()
  const look = () => {
    const policy = page.view.compare?.policy ?? null
    if (policy === asked || page.view.session?.complete !== true) return
    asked = policy
    wanted.abort()
    wanted = new AbortController()
    if (policy === null) return
    compare(page, service, { stream, policy }, wanted.signal).catch((error: unknown) => {
      page.tellCompared(policy, error instanceof Error ? error.message : String(error))
    })
  }
  page.store.watch(look)
  look()
}

/** The job tells how it stands until it has ended; what nobody wants any more is not shown. */
async function compare(
  page: Page,
  service: Service,
  asked: { readonly stream: string; readonly policy: string },
  wanted: AbortSignal
): Promise<void> {
  const { policy } = asked
  const order = { kind: 'what-if-timeline', ...asked }
  const { id } = (await (await service.post('v1/jobs', order)).json()) as Job
  const cancel = () => void service.delete(`v1/jobs/${id}`).catch(() => {})
  wanted.addEventListener('abort', cancel)
  const { body } = await service.get(`v1/jobs/${id}/progress`)
  if (body === null) return
  for await (const line of textLines(body)) {
    if (!line.startsWith('data: ')) continue
    const job = JSON.parse(line.slice('data: '.length)) as Job
    if (job.state === 'waiting' || job.state === 'running') {
      page.tellCompared(policy, words[job.state])
      continue
    }
    wanted.removeEventListener('abort', cancel)
    const { result, failure } = job
    if (result !== null) page.showCompared(policy, result.lines)
    else page.tellCompared(policy, [failure?.message ?? job.state, failure?.hint].filter(Boolean).join('. '))
  }
}
