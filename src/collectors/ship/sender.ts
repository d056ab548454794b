import type { Parcel } from './parcel.ts'

/** What became of a parcel. */
export type Delivery =
  | { readonly outcome: 'taken'; readonly added: number; readonly known: number }
  /** The service is away, or cannot just now: try again, after so long at least. */
  | { readonly outcome: 'later'; readonly reason: string; readonly afterMs: number }
  /** The service does not let us in: a person has to do something, then it can be sent. */
  | { readonly outcome: 'barred'; readonly reason: string }
  /** The service will never take it. */
  | { readonly outcome: 'refused'; readonly reason: string }

/** Where to send, and as whom. */
export interface Destination {
  readonly url: string
  readonly token: string | null
}

const timeoutMs = 30_000

/** Statuses that say "not now". */
const passing = new Set([408, 425, 429, 500, 502, 503, 504, 507])
const barring = new Set([401, 403, 404, 405, 421])

/** Sends one parcel, once. */
export async function send({ url, token }: Destination, parcel: Parcel): Promise<Delivery> {
  const { kind, ...body } = parcel
  let response: Response
  try {
    response = await fetch(`${url}/v1/${kind}`, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        'content-type': 'application/json',
        ...(token === null ? {} : { authorization: `Bearer ${token}` })
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs)
    })
  } catch (error) {
    return { outcome: 'later', reason: reasonOf(error), afterMs: 0 }
  }
  return deliveryOf(response, parcel)
}

async function deliveryOf(response: Response, parcel: Parcel): Promise<Delivery> {
  const { status } = response
  const answer = await response.json().catch(() => null)
  if (status === 200) return taken(answer, parcel)
  const reason = `${status}: ${textOf(answer)}`
  if (passing.has(status)) {
    const afterMs = Number(response.headers.get('retry-after') ?? 0) * 1000
    return { outcome: 'later', reason, afterMs: Number.isFinite(afterMs) ? afterMs : 0 }
  }
  return { outcome: barring.has(status) || status < 400 ? 'barred' : 'refused', reason }
}

/** An acknowledgement says how many were new; what says no such thing is not from our service. */
function taken(answer: unknown, parcel: Parcel): Delivery {
  const field = parcel.kind === 'events' ? 'appended' : 'added'
  const added = numberIn(answer, field)
  if (added === null) return { outcome: 'barred', reason: 'the answer is not one of klplog' }
  const count = parcel.kind === 'events' ? parcel.events.length : parcel.evidence.length
  return { outcome: 'taken', added, known: count - added }
}

function numberIn(answer: unknown, field: string): number | null {
  if (typeof answer !== 'object' || answer === null) return null
  const value: unknown = Reflect.get(answer, field)
  return typeof value === 'number' ? value : null
}

/** What a problem document says. */
function textOf(answer: unknown): string {
  if (typeof answer !== 'object' || answer === null) return 'without a word'
  const parts = ['detail', 'hint'].map((name) => Reflect.get(answer, name) as unknown)
  return parts.filter((part) => typeof part === 'string').join('. ')
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return `no answer in ${timeoutMs / 1000} s`
  const cause = error.cause as NodeJS.ErrnoException | undefined
  return cause?.code ?? cause?.message ?? error.message
}
