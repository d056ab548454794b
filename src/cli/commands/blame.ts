import { blameOf, blameRow, unsureOf } from '../../projections/index.ts'
import { defineCommand } from '../command.ts'
import { neverPatched } from '../functions.ts'
import { table } from '../output.ts'
import { ask, printRowsOr, type QuestionOptions, stateAsked, withQuestion } from '../question.ts'
import { type AtOptions, withAt } from '../stream-time.ts'
import { actorText, functionText } from '../wording.ts'

/** `klplog blame`: which event put what on a function's stack. */
export const blame = defineCommand<QuestionOptions & AtOptions>({
  name: 'blame',
  group: 'Questions:',
  summary: 'show which event put each entry on the stack of a function, and who did it',
  description: `Shows which event put each entry on the stack of a function, the top first, and who enabled its patch.`,
  examples: ['klplog blame __x64_sys_getpgrp --at +25', 'klplog blame vmlinux:cmdline_proc_show -o json'],
  define: (command) => {
    withAt(withQuestion(command)).argument('<function>', 'NAME, OBJECT:NAME or OBJECT:NAME,SYMPOS')
  },
  run: (app, options, [name = '']) =>
    ask(app, options, async (question) => {
      const { log, stream, times } = question
      const state = await stateAsked(app, question, options)
      const found = await blameOf(log, stream.stream, state, name)
      const rows = found.map(blameRow)
      const unpatched = `${name} is not patched at @${state.position}, ${times.long(state.uptimeNs)}.`
      const nothing = rows.length > 0 ? '' : ((await neverPatched(question, name)) ?? unpatched)
      const heads = ['FUNCTION', '#', 'ENTRY', 'EVENT', 'AT', 'TYPE', 'BY']
      const asTable = () => {
        const text = table(
          app,
          heads.map((head) => ({ head })),
          rows.map((row) => [
            row.place === 1 ? functionText(row.function) : '',
            row.place,
            row.nop ? `nop(${row.patch})` : row.patch,
            { value: `@${row.position}`, color: app.colors.yellow },
            times.short(row.uptimeNs),
            row.type,
            actorText(row.actor)
          ])
        )
        const unsure = unsureOf(state, 'patches')
        return unsure === null ? text : `${text}\n${app.colors.yellow(`Unsure: ${unsure}.`)}`
      }
      await printRowsOr(app, options, rows, asTable, nothing)
    })
})
