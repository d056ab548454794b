import {
  diffAnswer,
  isSameState,
  type KernelState,
  type PatchView,
  positionAsked,
  type StateDiff,
  stateAt
} from '../../projections/index.ts'
import type { App } from '../app.ts'
import { defineCommand } from '../command.ts'
import { UsageError } from '../errors.ts'
import { counted, printAnswer, visible } from '../output.ts'
import { ask, type Question, type QuestionOptions, withQuestion } from '../question.ts'
import { doing, functionText, hookPlace, stackText } from '../wording.ts'

/** `klplog diff`: what differs between two moments. */
export const diff = defineCommand<QuestionOptions>({
  name: 'diff',
  group: 'Questions:',
  summary: 'show what differs between two moments: patches, functions, hooks, modules',
  examples: [
    'klplog diff +20 +25',
    'klplog diff @98..@156',
    'klplog diff -2h now',
    'klplog diff +25..          up to the last event'
  ],
  define: (command) => {
    withQuestion(command)
      .argument('<from>', 'a moment as --at takes it, or FROM..TO')
      .argument('[to]', 'the later moment; the last event if absent')
      // So that `-2h` is a moment and no option.
      .allowUnknownOption()
  },
  run: (app, options, args) =>
    ask(app, options, async (question) => {
      const [from, to] = momentsOf(args)
      const before = await stateOf(app, question, from)
      const after = await stateOf(app, question, to)
      const answer = diffAnswer(question.stream.stream, before, after)
      if (isSameState(answer)) {
        const where = `@${before.position} and @${after.position}`
        await app.note(`Nothing differs between ${where}.`)
        if (options.json !== true && (options.output ?? 'table') === 'table') return
      }
      await printAnswer(app, options, answer, () => textOf(app, question, before, after, answer))
    })
})

function momentsOf([first = '', second]: readonly string[]): [string, string | undefined] {
  const unknown = [first, second ?? ''].find((text) => text.startsWith('--'))
  if (unknown !== undefined) {
    throw new UsageError(`unknown option '${unknown}'`, '`klplog diff --help` lists the options.')
  }
  const dots = first.indexOf('..')
  if (dots < 0) return [first, second]
  if (second !== undefined) throw new UsageError('too many moments', 'Give FROM..TO, or FROM and TO.')
  const [from, to] = [first.slice(0, dots), first.slice(dots + 2)]
  if (from === '')
    throw new UsageError(
      `"${first}" has no beginning`,
      'Write FROM..TO; `boot` is the beginning of a stream.'
    )
  return [from, to === '' ? undefined : to]
}

async function stateOf(app: App, { log, stream }: Question, at: string | undefined): Promise<KernelState> {
  const position = await positionAsked(app.asker, log, stream, at)
  return stateAt(log, stream.stream, position)
}

function textOf(
  app: App,
  { times }: Question,
  before: KernelState,
  after: KernelState,
  found: StateDiff
): string {
  const { bold, red, green } = app.colors
  const lines = [
    bold(`--- @${before.position} ${times.long(before.uptimeNs)}`),
    bold(`+++ @${after.position} ${times.long(after.uptimeNs)}`)
  ]
  const section = (head: string, changes: readonly string[]) => {
    if (changes.length > 0) lines.push(bold(head), ...changes.map(visible).map(colored))
  }
  const colored = (line: string) =>
    line.startsWith('+') ? green(line) : line.startsWith('-') ? red(line) : line
  section('patches', patchLines(found.patches))
  section('transition', transitionLines(found.transition))
  section('functions', found.functions.flatMap(functionLines))
  section('hooks', hookLines(found.hooks))
  section('modules', [
    ...found.modules.unloaded.map((name) => `- ${name}`),
    ...found.modules.loaded.map((name) => `+ ${name}`)
  ])
  return lines.join('\n')
}

function patchLines({ added, removed, changed }: StateDiff['patches']): string[] {
  return [
    ...removed.map((name) => `- ${name}`),
    ...added.map((name) => `+ ${name}`),
    ...changed.map(({ name, fields }) => `~ ${name}: ${Object.entries(fields).map(fieldText).join(', ')}`)
  ]
}

function fieldText([field, { before, after }]: [string, { before: unknown; after: unknown }]): string {
  if (field === 'objects') return objectsText(before as Objects, after as Objects)
  if (field === 'since') return 'gone and enabled anew'
  return `${field} ${wordOf(before)} -> ${wordOf(after)}`
}

type Objects = PatchView['objects']

/** What came to a patch's objects, what went, and which of them are patched now. */
function objectsText(before: Objects, after: Objects): string {
  const names = (objects: Objects) =>
    objects.flatMap(({ name, functions }) =>
      functions.map(
        (func) => `${func.nop ? 'nop ' : ''}${functionText(`${name}:${func.name},${func.sympos}`)}`
      )
    )
  const [old, now] = [names(before), names(after)]
  const patched = after.flatMap(({ name, patched: is }) => {
    const was = before.find((object) => object.name === name)?.patched
    return was === undefined || was === is ? [] : [`${name}/patched ${wordOf(was)} -> ${wordOf(is)}`]
  })
  return [
    ...old.filter((name) => !now.includes(name)).map((name) => `without ${name}`),
    ...now.filter((name) => !old.includes(name)).map((name) => `with ${name}`),
    ...patched
  ].join(', ')
}

function wordOf(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '-'
}

function transitionLines(change: StateDiff['transition']): string[] {
  if (change === null) return []
  const { before, after } = change
  const text = (mark: string, one: typeof before) => {
    if (one === null) return []
    const { patch, goal, switched, blocked } = one
    return [
      `${mark} ${patch}: ${doing(goal)} transition, ${counted(switched, 'task')} switched, ${blocked} blocked`
    ]
  }
  return [...text('-', before), ...text('+', after)]
}

function functionLines({ function: key, before, after }: StateDiff['functions'][number]): string[] {
  const name = functionText(key)
  return [
    ...(before.length === 0 ? [] : [`- ${name}: ${stackText(before)}`]),
    ...(after.length === 0 ? [] : [`+ ${name}: ${stackText(after)}`])
  ]
}

function hookLines({ attached, detached, changed }: StateDiff['hooks']): string[] {
  return [
    ...detached.map((hook) => `- ${hook.program} on ${hookPlace(hook)}`),
    ...attached.map((hook) => `+ ${hook.program} on ${hookPlace(hook)}`),
    ...changed.map((hook) => {
      const { status, reach } = hook
      const reached = reach.before === reach.after ? '' : `, reached by ${reach.before} -> ${reach.after}`
      const what = status.before === status.after ? status.after : `${status.before} -> ${status.after}`
      return `~ ${hook.program} on ${hookPlace(hook)}: ${what}${reached}`
    })
  ]
}
