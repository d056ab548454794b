import { entered, loader, type TraceTask, tasks, traceRecord, tried, worker } from './trace-record.ts'

/** Names come back, so that neither the manifest nor the state grows with the trace. */
const patchNames = 8

const functions = ['cmdline_proc_show', '__x64_sys_getpgrp', 'loadavg_proc_show']

function patchOf(cycle: number): string {
  return `lp_cumul_${cycle % patchNames}`
}

/** The manifest of the patches in the text, as JSON. */
export function traceManifest(): string {
  const patches = Array.from({ length: patchNames }, (_, n) => {
    const own = functions.map((old) => ({ old, new: `${patchOf(n)}_${old}` }))
    const objects = [{ name: null, functions: own }]
    return [patchOf(n), { livepatch: true, replace: true, objects, states: [] }] as const
  })
  return JSON.stringify(Object.fromEntries(patches), null, 1)
}

/** What `cat trace` prints first. */
export const traceHead = [
  '# tracer: nop',
  '#',
  '# entries-in-buffer/entries-written: 500/500   #P:4',
  '#',
  '#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION',
  '#              | |         |   |||||     |         |',
  ''
].join('\n')

/**
 * ftrace text as a machine writes it whose cumulative livepatches replace each other for ever: the records of
 * the recordings' kernels, 200 switching tasks to a patch, with the marks, syscalls and console lines between
 * them. Each call gives one patch's life.
 */
export class TraceText {
  #uptimeNs = 7_000_000_000n
  #cycle = 0
  #lines: string[] = []

  next(): string {
    const cycle = this.#cycle++
    const patch = patchOf(cycle)
    const old = cycle === 0 ? null : patchOf(cycle - 1)
    this.#mark(`STEP ${cycle} begin: insmod ${patch}`)
    this.#enable(patch)
    this.#switch()
    this.#complete(patch, old)
    this.#mark(`STEP ${cycle} end rc=0`)
    if (old !== null) {
      this.#detach(`ov${(cycle - 1) % patchNames}`, cycle - 1)
      this.#remove(old)
    }
    this.#attach(`ov${cycle % patchNames}`, patch, cycle)
    const text = `${this.#lines.join('\n')}\n`
    this.#lines = []
    return text
  }

  #enable(patch: string): void {
    this.#record('sys_finit_module(fd: 3, uargs: 7fff2e695fc1, flags: 0)')
    this.#record(entered('module_coming', 'klp_module_coming', `mod="${patch}"`))
    this.#record(`module_load: ${patch} O0x8000`)
    this.#record(entered('enable_patch', 'klp_enable_patch', `patch="${patch}" replace=1`))
    this.#record(`console: livepatch: enabling patch '${patch}'`)
    this.#record(entered('init_transition', 'klp_init_transition', `patch="${patch}" state=1`))
    this.#record(`console: livepatch: '${patch}': initializing patching transition`)
    this.#record(entered('patch_object', 'klp_patch_object', `patch="${patch}" obj="vmlinux"`))
    this.#record('patch_object_ret: (klp_enable_patch+0x4f5/0x990 <- klp_patch_object) ret=0')
    this.#record(entered('start_transition', 'klp_start_transition', `patch="${patch}" target=1`))
    this.#record(`console: livepatch: '${patch}': starting patching transition`)
    this.#record(entered('try_complete', 'klp_try_complete_transition', `patch="${patch}" target=1`))
  }

  /** One task in twenty sleeps in a patched function at the first try. */
  #switch(): void {
    const late = tasks.filter((_, n) => (n + this.#cycle) % 20 === 0)
    for (const task of tasks) this.#record(tried(task, late.includes(task) ? -98 : 0), worker)
    for (const task of late) this.#record(tried(task, 0), worker)
  }

  #complete(patch: string, old: string | null): void {
    this.#record(entered('complete', 'klp_complete_transition', `patch="${patch}" target=1`))
    this.#record(`console: livepatch: '${patch}': completing patching transition`)
    this.#record(entered('unpatch_replaced', 'klp_unpatch_replaced_patches', `new_patch="${patch}"`))
    if (old !== null) {
      this.#record(entered('unpatch_objects', 'klp_unpatch_objects', `patch="${old}"`))
      const object = `patch="${old}" obj="vmlinux" nops_only=0`
      this.#record(entered('unpatch_object', '__klp_unpatch_object', object))
      for (const name of functions) {
        const args = `patch="${old}" func="${name}" new_func=0xffffffffa020f020 nop=0`
        this.#record(entered('unpatch_func', 'klp_unpatch_func', args))
      }
    }
    this.#record(entered('discard_nops', 'klp_discard_nops', `new_patch="${patch}"`))
    this.#record(entered('free_objects', '__klp_free_objects', `patch="${patch}" nops_only=1`))
    this.#record(`console: livepatch: '${patch}': patching complete`)
    this.#record(entered('free_async', 'klp_free_replaced_patches_async', `new_patch="${patch}"`))
    this.#record("enable_patch_ret: ([unknown/kretprobe'd] <- klp_enable_patch) ret=0")
    this.#record('sys_finit_module -> 0x0')
    if (old === null) return
    this.#record(entered('free_work', 'klp_free_patch_work_fn', `patch="${old}"`), worker)
    this.#record(entered('release_patch', 'klp_kobj_release_patch', `patch="${old}"`), worker)
  }

  #remove(module: string): void {
    this.#record('sys_delete_module(name_user: 7ffed23fdfb6, flags: 800)')
    this.#record(entered('module_going', 'klp_module_going', `mod="${module}"`))
    this.#record(`module_free: ${module}`)
    this.#record('sys_delete_module -> 0x0')
  }

  #attach(program: string, patch: string, id: number): void {
    this.#record(`prog_load: (bpf_prog_load+0x0/0xbc0) name="${program}" type=26`)
    this.#record(`trampoline_link: (bpf_trampoline_link_prog+0x4/0x230) prog="${program}"`)
    this.#mark(`BPF attached ${program} ${patch}:${patch}___x64_sys_getpgrp id ${id}`)
  }

  #detach(program: string, id: number): void {
    this.#record(`link_free: (bpf_link_free+0x0/0xe0) id=${id} type=2 prog="${program}"`)
    this.#record(`prog_free: (__bpf_prog_put_noref+0x0/0xe0) prog="${program}" id=0`)
  }

  #mark(text: string): void {
    this.#record(`tracing_mark_write: ${text}`)
  }

  #record(text: string, task: TraceTask = loader): void {
    this.#uptimeNs += 17_000n
    this.#lines.push(traceRecord(task, this.#uptimeNs, text))
  }
}
