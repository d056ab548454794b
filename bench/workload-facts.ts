import type { Actor, EventData, KlpObject } from '../src/events/index.ts'
import { loader } from './trace-record.ts'

/** An ordinary module that the patches change, too. */
export const targetModule = 'nf_tables'

/** A cumulative patch: what it changes differs from one to the next, so that it needs nops for some. */
export function objectsOf(patch: string, cycle: number): KlpObject[] {
  const extra = cycle % 3 === 0 ? 'loadavg_proc_show' : 'version_proc_show'
  const names = ['cmdline_proc_show', '__x64_sys_getpgrp', extra]
  const functionOf = (name: string) => ({ name, sympos: 1, newName: `${patch}_${name}`, nop: false })
  return [
    { name: 'vmlinux', functions: names.map(functionOf) },
    { name: targetModule, functions: [functionOf('nft_do_chain')] }
  ]
}

/** A program that overrides a function of the patch. */
export function hookOf(program: string, patch: string): Omit<EventData<'hook.attached'>, 'programId'> {
  return {
    program,
    linkId: 2,
    kind: 'kprobe',
    module: patch,
    function: `${patch}___x64_sys_getpgrp`,
    address: '0xffffffffa0209004',
    overrides: true,
    overrideValue: '4242',
    filter: null,
    actor: actorOf(`attach ${program} (kprobe) to ${patch}`)
  }
}

/** The loader, with the command that it ran. */
export function actorOf(command: string): Actor {
  return { pid: loader.pid, comm: loader.comm, uid: 0, auid: 1000, command }
}
