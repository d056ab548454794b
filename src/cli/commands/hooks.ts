import { hookRowsAt } from '../../projections/index.ts'
import { defineCommand } from '../command.ts'
import { hookTable } from '../hook-table.ts'
import { ask, printRowsOr, type QuestionOptions, stateAsked, withQuestion } from '../question.ts'
import { type AtOptions, withAt } from '../stream-time.ts'

/** `klplog hooks`: which programs are attached, and whether calls reach them. */
export const hooks = defineCommand<QuestionOptions & AtOptions>({
  name: 'hooks',
  group: 'Questions:',
  summary: 'show the attached BPF programs, and whether calls reach them',
  examples: [
    'klplog hooks',
    'klplog hooks --at +25',
    'klplog hooks -o json | jq \'.[] | select(.status != "active")\''
  ],
  define: (command) => {
    withAt(withQuestion(command)).addHelpText('after', statuses)
  },
  run: (app, options) =>
    ask(app, options, async (question) => {
      const { log, stream, times } = question
      const state = await stateAsked(app, question, options)
      const rows = await hookRowsAt(log, stream.stream, state)
      const nothing = `No BPF program is attached at @${state.position}, ${times.long(state.uptimeNs)}.`
      await printRowsOr(app, options, rows, () => hookTable(app, question, rows), nothing)
    })
})

const statuses = `
Statuses:
  active    every call reaches it
  partial   its patch is in transition: only the calls of some tasks reach it
  shadowed  another patch's version, or a nop, lies over the function that it is on
  stale     the patch that it is on is disabled or replaced, its module still loaded
  gone      its module is unloaded: the probe is [GONE] for good`
