import { z } from 'zod'
import { int } from './shapes.ts'

/** Events of tasks and calls. No probe of ours sees them; models and scenarios tell them. */
export const taskEvents = {
  /** A task was there from the beginning (`parent` null), or copy_process() made it: klp_copy_process() copies its state. */
  'task.started': {
    version: 1,
    data: z.strictObject({ pid: int, comm: z.string(), parent: int.nullable() })
  },
  /** do_exit(): the task is no longer tried. */
  'task.exited': { version: 1, data: z.strictObject({ pid: int, comm: z.string() }) },
  /** A call entered a function; `version` is the patch whose version klp_ftrace_handler() chose, or `original`. */
  'call.entered': {
    version: 1,
    data: z.strictObject({
      pid: int,
      comm: z.string(),
      object: z.string(),
      function: z.string(),
      version: z.string()
    })
  },
  /** The innermost call of the task returned. */
  'call.returned': { version: 1, data: z.strictObject({ pid: int, comm: z.string() }) }
} as const
