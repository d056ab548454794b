import type { DatedPatch, FunctionView, StackAnswer } from '../projections/index.ts'
import { type App, indented } from './app.ts'
import { type Column, counted, table, visible } from './output.ts'
import type { Question } from './question.ts'
import { blockedText, countedAs, doing, durationText, splitFunction, stackText, taskText } from './wording.ts'

/** The patch stack as people read it. */
export function stackAnswerText(app: App, question: Pick<Question, 'times'>, answer: StackAnswer): string {
  const { times } = question
  const { stream, position, uptimeNs, policy } = answer
  const parts = [
    `${app.colors.bold(visible(stream))} at @${position}, ${times.long(uptimeNs)}, ${policy ?? 'unknown'} policy`
  ]
  if (answer.unsure !== null) {
    const since = `Unsure since ${times.long(answer.unsure.sinceNs)}: ${answer.unsure.reason}.`
    parts.push(app.colors.yellow(visible(`${since} The next snapshot will tell.`)))
  }
  if (answer.patches.length === 0)
    return [...parts, 'No patch is loaded.', ...disagreements(app, question, answer)].join('\n')
  parts.push('', 'Loaded patch modules:', indented(patchTable(app, question, answer)))
  if (answer.functions.length > 0) {
    parts.push('', 'Currently livepatched functions:', indented(functionTable(app, answer)))
  }
  parts.push(...transitionLines(app, question, answer), ...disagreements(app, question, answer))
  return parts.join('\n')
}

/** As `kpatch list` says it. */
function statusOf({ enabled, transition, replacedBy }: DatedPatch): string {
  if (replacedBy !== null) return `[replaced by ${replacedBy}]`
  if (transition) return enabled ? '[enabling...]' : '[disabling...]'
  return enabled ? '[enabled]' : '[disabled]'
}

function patchTable(app: App, { times }: Pick<Question, 'times'>, { patches }: StackAnswer): string {
  const { green, yellow, red } = app.colors
  const has = (field: keyof DatedPatch) => patches.some((patch) => patch[field] !== null)
  const columns: [Column, (patch: DatedPatch, n: number) => Parameters<typeof table>[2][number][number]][] = [
    [{ head: 'ORDER', align: 'right' }, (_, n) => n + 1],
    [{ head: 'PATCH' }, ({ name }) => name],
    [
      { head: 'STATE' },
      (patch) => ({
        value: `${statusOf(patch)}${patch.forced ? ' forced' : ''}`,
        color: patch.transition ? yellow : patch.enabled ? green : red
      })
    ],
    [{ head: 'REPLACE' }, ({ replace }) => replace]
  ]
  if (has('replaceable')) columns.push([{ head: 'REPLACEABLE' }, ({ replaceable }) => replaceable])
  if (has('replaceSet')) columns.push([{ head: 'SET', align: 'right' }, ({ replaceSet }) => replaceSet])
  columns.push([{ head: 'SINCE' }, ({ since }) => times.short(since)])
  return table(
    app,
    columns.map(([column]) => column),
    patches.map((patch, n) => columns.map(([, cell]) => cell(patch, n)))
  )
}

/** In a transition, a function has a row for the tasks that have switched and one for those that have not. */
function functionTable(app: App, { functions }: StackAnswer): string {
  const isSplit = ({ switched, unswitched }: FunctionView) =>
    switched.version !== unswitched.version || switched.hook !== unswitched.hook
  const anySplit = functions.some(isSplit)
  const heads = [
    'FUNCTION',
    'OBJECT',
    'STACK, TOP FIRST',
    ...(anySplit ? ['TASKS'] : []),
    'CALLS RUN',
    'HOOK'
  ]
  const rows = functions.flatMap((view) => {
    const { object, name } = splitFunction(view.function)
    const place = [name, object, stackText(view.stack)]
    const runs = ({ version, hook }: FunctionView['switched']) => [version, hook]
    if (!isSplit(view)) return [[...place, ...(anySplit ? ['all'] : []), ...runs(view.switched)]]
    return [
      [...place, 'switched', ...runs(view.switched)],
      ['', '', '', 'unswitched', ...runs(view.unswitched)]
    ]
  })
  return table(
    app,
    heads.map((head) => ({ head })),
    rows
  )
}

function transitionLines(app: App, { times }: Pick<Question, 'times'>, answer: StackAnswer): string[] {
  const { transition, blocked, uptimeNs } = answer
  if (transition === null) return []
  const { patch, goal, sinceNs, switched, forcedNs, signaledNs } = transition
  const parts = [
    `${visible(patch)}: ${doing(goal)} transition since ${times.long(sinceNs)}`,
    `under way for ${durationText(BigInt(uptimeNs) - BigInt(sinceNs))}`,
    `${counted(switched, 'task')} switched, ${blocked.length} blocked`,
    ...(signaledNs === null ? [] : [`signaled at ${times.short(signaledNs)}`]),
    ...(forcedNs === null ? [] : [`forced at ${times.short(forcedNs)}`])
  ]
  const lines = ['', 'Transition:', `  ${parts.join('; ')}`]
  if (blocked.length > 0) lines.push('', 'Stalled processes:')
  for (const task of blocked) {
    const tries = `${countedAs(task.tries, 'try', 'tries')} since ${times.short(task.since)}`
    const why = blockedText(task.reason, task.function)
    lines.push(app.colors.yellow(visible(`  ${taskText(task.comm, task.pid)} ${why} (${tries})`)))
  }
  return lines
}

function disagreements(
  app: App,
  { times }: Pick<Question, 'times'>,
  { contradictions }: StackAnswer
): string[] {
  if (contradictions.length === 0) return []
  const shown = contradictions.slice(-3)
  const lines = shown.map(({ position, uptimeNs, text }) => `  @${position} ${times.short(uptimeNs)} ${text}`)
  const all = counted(contradictions.length, 'time')
  return [
    '',
    app.colors.yellow(`A snapshot contradicted the events, and was believed, ${all}:`),
    ...lines.map(visible)
  ]
}
