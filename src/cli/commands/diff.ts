import { diffAnswer, isSameState, type KernelState, positionAsked, stateAt } from '../../projections/index.ts'
import type { App } from '../app.ts'
import { defineCommand } from '../command.ts'
import { diffText } from '../diff-text.ts'
import { UsageError } from '../errors.ts'
import { printAnswer } from '../output.ts'
import { ask, type Question, type QuestionOptions, withQuestion } from '../question.ts'

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
      await printAnswer(app, options, answer, () => diffText(app, question, before, after, answer))
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
