import { decide, type FailingStep, type Operation } from '../../kernel/index.ts'
import { nextReplaced } from './ahead.ts'
import type { KernelFault, Place } from './fault.ts'

type Step = FailingStep['step']

/** An errno that no kernel has: a load that comes to it has taken the step. */
const nobodysErrno = 9999

/** How often a load takes a step is asked no further than this. */
const stepsMax = 64

/** A step of the load that is next fails, each time at another one of its kind. */
function stepFails(name: string, step: Step, errno: number, says: string): KernelFault {
  return {
    name,
    says,
    inject: (place) => {
      const load = place.ahead[0]?.operation
      if (load?.op !== 'insmod' || load.fail !== undefined) return []
      return Array.from({ length: timesTaken(place, load, step) }, (_, n) =>
        nextReplaced(place, String(n + 1), { ...load, fail: { step, nth: n + 1, errno } })
      )
    }
  }
}

/** How often the load takes the step before it comes to its end. */
function timesTaken(
  { state, world, ahead }: Place,
  load: Extract<Operation, { op: 'insmod' }>,
  step: Step
): number {
  const uptimeNs = ahead[0]?.uptimeNs ?? state.uptimeNs
  for (let nth = 1; nth <= stepsMax; nth += 1) {
    const { ret } = decide(state, { ...load, fail: { step, nth, errno: nobodysErrno } }, world, uptimeNs)
    if (ret !== -nobodysErrno) return nth - 1
  }
  return stepsMax
}

/** An errno at each step of klp_enable_patch(), and of patching a module that comes. */
export const failingEnables: readonly KernelFault[] = [
  stepFails(
    'module-reference-fails',
    'module-reference',
    19,
    'An enable gets no reference to its own module, which is going (ENODEV).'
  ),
  stepFails(
    'early-init-fails',
    'early-init',
    22,
    'The struct klp_patch has no objects or no functions (EINVAL).'
  ),
  stepFails(
    'sysfs-fails',
    'sysfs',
    12,
    'A directory of the patch, of an object or of a function cannot be made (ENOMEM).'
  ),
  stepFails('nop-allocation-fails', 'nop', 12, 'There is no memory for a nop (ENOMEM).'),
  stepFails(
    'pre-patch-fails',
    'pre-patch',
    19,
    'The pre_patch callback of an object returns an error (ENODEV).'
  ),
  stepFails('ftrace-fails', 'ftrace', 16, "A function's ftrace handler cannot be registered (EBUSY)."),
  {
    name: 'trampoline-busy',
    says: 'The BPF trampoline of a function is being changed while a patch comes on it (EAGAIN).',
    inject: (place) => {
      const load = place.ahead[0]?.operation
      if (load?.op !== 'insmod') return []
      const shared = place.state.hooks.filter(({ kind }) => kind !== 'kprobe' && kind !== 'kprobe_multi')
      const functions = new Set(shared.map((hook) => `${hook.module ?? 'vmlinux'}:${hook.function}`))
      return [...functions].map((name) =>
        nextReplaced(place, name, { ...load, busyTrampolines: [...(load.busyTrampolines ?? []), name] })
      )
    }
  }
]
