import { stackAnswer } from '../../projections/index.ts'
import { defineCommand } from '../command.ts'
import { printAnswer } from '../output.ts'
import { ask, type QuestionOptions, stateAsked, withQuestion } from '../question.ts'
import { stackAnswerText } from '../stack-text.ts'
import { type AtOptions, withAt } from '../stream-time.ts'

/** `klplog stack`: what is patched. */
export const stack = defineCommand<QuestionOptions & AtOptions>({
  name: 'stack',
  group: 'Questions:',
  summary: 'show the patches in list order, and the stack of each patched function',
  description: `Shows the patches in list order, the stack of each patched function with what calls of it run,
and the transition under way.`,
  examples: ['klplog stack', 'klplog stack --at +25', 'klplog stack --at "2026-11-20 14:03:07" -o json'],
  define: (command) => {
    withAt(withQuestion(command))
  },
  run: (app, options) =>
    ask(app, options, async (question) => {
      const state = await stateAsked(app, question, options)
      const answer = stackAnswer(question.stream.stream, state)
      await printAnswer(app, options, answer, () => stackAnswerText(app, question, answer))
    })
})
