import jsonata from 'jsonata'
import { functionViews, hookRows, type KernelState, stackAnswer } from '../../projections/index.ts'
import { UsageError } from '../errors.ts'

/** What an expression speaks of: what `klplog stack` and `klplog hooks` say in JSON, and a few more. */
export function expressionInput(stream: string, state: KernelState, event: unknown): object {
  return {
    ...stackAnswer(stream, state),
    functions: functionViews(state),
    hooks: hookRows(state),
    modules: [...state.modules].map(([name, module]) => ({ name, ...module })),
    tasks: [...state.tasks.values()],
    settings: Object.fromEntries(state.settings),
    event
  }
}

/** A JSONata expression, ready to be asked. */
export interface Expression {
  readonly text: string
  of(input: object): Promise<unknown>
}

/** @throws UsageError when it is none */
export function parseExpression(text: string): Expression {
  try {
    const parsed = jsonata(text)
    return { text, of: (input) => parsed.evaluate(input) as Promise<unknown> }
  } catch (error) {
    const { message, position } = error as { message: string; position?: number }
    const where = position === undefined ? '' : ` (at character ${position})`
    throw new UsageError(
      `"${text}" is no expression: ${message}${where}`,
      'JSONata on the JSON of `stack` and `hooks`: transition.patch = "lp_x", hooks[status="shadowed"].program'
    )
  }
}
