import { z } from 'zod'
import { actor, goal, int } from './shapes.ts'

const transition = z.strictObject({ patch: z.string(), goal })

/** Events of the consistency model: kernel/livepatch/transition.c. */
export const transitionEvents = {
  /** klp_start_transition(): tasks may switch from now on. Also after a reverse. Proof: its probe, "starting … transition". */
  'transition.started': { version: 1, data: transition },
  /** klp_complete_transition() ended: no patch is in transition. Proof: "(un)patching complete", or what follows it. */
  'transition.completed': { version: 1, data: transition },
  /** klp_try_complete_transition() was entered: by who started the transition, then about once a second. Proof: its probe. */
  'transition.tried': { version: 1, data: transition },
  /** klp_reverse_transition(): `goal` is the new one. Proof: its probe, "reversing transition". */
  'transition.reversed': { version: 1, data: transition },
  /** klp_force_transition(): every pending task switched without a check. Proof: its probe, "forcing remaining tasks". */
  'transition.forced': {
    version: 1,
    data: z.strictObject({ patch: z.string(), goal, actor: actor.nullable() })
  },
  /** klp_send_signals() for the first time (15th try). Proof: "signaling remaining tasks". */
  'transition.signaled': { version: 1, data: transition },
  /** klp_cancel_transition(): the enable failed after its transition was initialised. Proof: its probe, "canceling". */
  'transition.cancelled': { version: 1, data: z.strictObject({ patch: z.string() }) },
  /**
   * A task reached the goal. `how`: `checked` by a try (its stack was clean), `self` in klp_update_patch_state
   * (kernel exit, idle loop) or where the scheduler lets it check itself (__klp_sched_try_switch). An idle task has pid 0 and the comm `swapper/CPU`.
   */
  'task.switched': {
    version: 1,
    data: z.strictObject({
      patch: z.string(),
      goal,
      pid: int,
      comm: z.string(),
      how: z.enum(['checked', 'self'])
    })
  },
  /**
   * klp_try_switch_task() could not switch a task, and why. `function` is the patched function on its
   * stack. Proof: the return of klp_check_and_switch_task (-EBUSY, -EINVAL, -EADDRINUSE) and its debug line.
   */
  'task.blocked': {
    version: 1,
    data: z.strictObject({
      patch: z.string(),
      goal,
      pid: int,
      comm: z.string(),
      reason: z.enum(['running', 'unreliable-stack', 'sleeping', 'unknown']),
      function: z.string().nullable()
    })
  }
} as const
