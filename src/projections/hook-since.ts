import type { ReadModelSource } from '../events/index.ts'
import { readSpans } from './span-reader.ts'
import { type HookRow, hookRows } from './stack-view.ts'
import type { HookState, KernelState } from './state.ts'

/**
 * The hook table of the state at its position, with `since` as the uptime at which the present status began;
 * a change of the reason alone does not begin a new one.
 */
export async function hookRowsAt(
  log: ReadModelSource,
  stream: string,
  state: KernelState
): Promise<HookRow[]> {
  const rows: HookRow[] = []
  for (const [n, row] of hookRows(state).entries()) {
    const hook = state.hooks[n]
    const sinceNs = hook === undefined ? null : await statusSince(log, stream, hook, state.position)
    rows.push(sinceNs === null ? row : { ...row, since: String(sinceNs) })
  }
  return rows
}

/** Walks the hook's spans back from the position for as long as the status is the same; null without a span. */
async function statusSince(
  log: ReadModelSource,
  stream: string,
  hook: HookState,
  position: number
): Promise<bigint | null> {
  // Its key may have been another attachment's before.
  const spans = (await readSpans(log, stream, 'hook', { subject: hook.key })).filter(
    (span) => span.fromPosition >= hook.sincePosition && span.fromPosition <= position
  )
  let since = spans.pop()
  if (since === undefined) return null
  for (const span of spans.reverse()) {
    if (span.value.status !== since.value.status || span.toPosition !== since.fromPosition) break
    since = span
  }
  return since.fromNs
}
