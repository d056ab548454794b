/** A task as ftrace names it. */
export interface TraceTask {
  readonly comm: string
  readonly pid: number
}

const names = [
  'kworker/R-kvfre',
  'kworker/0:1',
  'systemd-journal',
  'containerd-shim',
  'migration/3',
  'nginx',
  'postgres',
  'node_exporter',
  'ksoftirqd/2',
  'sshd'
]

/** The tasks of the machine: all that a transition has to move, idle tasks of four CPUs among them. */
export const tasks: readonly TraceTask[] = Array.from({ length: 200 }, (_, n) =>
  n < 4 ? { comm: `swapper/${n}`, pid: 0 } : { comm: names[n % names.length] as string, pid: 1 + n * 13 }
)

/** Who loads modules, writes to sysfs, and loads programs. */
export const loader: TraceTask = { comm: 'labctl', pid: 2718 }

/** Whose work frees a patch. */
export const worker: TraceTask = { comm: 'kworker/0:0', pid: 8 }

/** A record as ftrace's `trace` file prints it: `TASK-PID [CPU] FLAGS SECONDS.MICROSECONDS: TEXT`. */
export function traceRecord({ comm, pid }: TraceTask, uptimeNs: bigint, text: string): string {
  const micros = uptimeNs / 1000n
  const seconds = String(micros / 1_000_000n).padStart(5)
  const fraction = String(micros % 1_000_000n).padStart(6, '0')
  const task = pid === 0 ? '<idle>' : comm
  return `${task.padStart(16)}-${String(pid).padEnd(8)}[00${pid % 4}] .N... ${seconds}.${fraction}: ${text}`
}

/** What the return probe of klp_check_and_switch_task() prints. */
export function tried({ comm, pid }: TraceTask, ret: number): string {
  const site = '(task_call_func+0x70/0xd0 <- klp_check_and_switch_task)'
  return `switch_task: ${site} comm="${comm}" pid=${pid} ret=${ret}`
}

/** What the probe on klp_update_patch_state() prints; `state` is what the task leaves. */
export function updated({ comm, pid }: TraceTask, state: 0 | 1): string {
  return `update_patch_state: (klp_update_patch_state+0x4/0x20) comm="${comm}" pid=${pid} state=${state}`
}

/** What a probe on the entry of a function of kernel/livepatch prints. */
export function entered(probe: string, fn: string, args: string): string {
  return `${probe}: (${fn}+0x4/0x240) ${args}`
}
