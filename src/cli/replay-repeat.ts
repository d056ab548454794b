import { z } from 'zod'
import type { ReplayReport } from '../replay/index.ts'
import type { App } from './app.ts'
import { InputError } from './errors.ts'
import { counted, visible } from './output.ts'

/** What of a report it takes to do the same again, and to see whether it is the same. */
const repeatable = z.object({
  klplog: z.string(),
  head: z.string(),
  complete: z.boolean(),
  digest: z.string(),
  request: z.object({
    stream: z.string(),
    policy: z.enum(['mainline', 'hybrid', 'replace-set']),
    from: z.number(),
    to: z.number(),
    faults: z.array(z.string()),
    depth: z.number(),
    ahead: z.number(),
    seed: z.number().nullable(),
    runs: z.number().nullable()
  }),
  findings: z.array(
    z.object({
      invariant: z.string(),
      subject: z.string(),
      digest: z.string(),
      times: z.number(),
      faults: z.array(z.object({ fault: z.string(), variant: z.string() }))
    })
  )
})
export type RepeatableReport = z.infer<typeof repeatable>

export function reportToRepeat(path: string, json: unknown): RepeatableReport {
  const parsed = repeatable.safeParse(json)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new InputError(
    `${path} is no report of klplog replay: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
    'Give a file that `klplog replay --report FILE.json` wrote.'
  )
}

/** Where a replay came out otherwise than the report says; nothing where it is the same. */
export function whatDiffers(before: RepeatableReport, now: ReplayReport): string[] {
  const differences: string[] = []
  if (before.digest !== now.digest) {
    differences.push(
      `the state without faults is ${now.digest.slice(0, 16)}, not ${before.digest.slice(0, 16)}`
    )
  }
  const left = new Map(now.findings.map((finding) => [keyOf(finding), finding]))
  for (const finding of before.findings) {
    const again = left.get(keyOf(finding))
    left.delete(keyOf(finding))
    if (again === undefined) differences.push(`${titleOf(finding)} is not found any more`)
    else if (again.digest !== finding.digest) differences.push(`${titleOf(finding)} comes to another state`)
  }
  // A sweep that was stopped may find more when it goes on to its end.
  if (before.complete) differences.push(...[...left.values()].map((one) => `${titleOf(one)} is new`))
  return differences
}

export function repeatText(
  { colors }: App,
  before: RepeatableReport,
  differences: readonly string[]
): string {
  const what = counted(before.findings.length, 'finding')
  if (differences.length === 0)
    return `${colors.green('the same')}: ${what}, state ${before.digest.slice(0, 16)}`
  return [
    colors.red(`not the same as klplog ${visible(before.klplog)} found:`),
    ...differences.map((one) => `  ${visible(one)}`)
  ].join('\n')
}

type Named = Pick<RepeatableReport['findings'][number], 'invariant' | 'subject'> & {
  readonly faults: readonly { readonly fault: string; readonly variant: string }[]
}

function keyOf({ invariant, subject, faults }: Named): string {
  return JSON.stringify([invariant, subject, faults.map(({ fault, variant }) => [fault, variant])])
}

function titleOf({ invariant, subject, faults }: Named): string {
  return `${invariant} of ${subject}${faults.map(({ fault }) => ` with ${fault}`).join('')}`
}
