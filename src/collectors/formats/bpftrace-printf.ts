import type { Reading, TaskRef } from '../observation.ts'
import { HeldLines, type Outcome, rejected, unrelated } from './held-lines.ts'
import { bareArguments } from './probe-arguments.ts'

/** `<nsecs> <kernel function>[_ret]`, and then nothing or arguments; digits of 64 bits. */
const probeLine = /^(\d{1,20}) ([A-Za-z_][\w.]*)(?= [A-Za-z_]\w*=|\s*$)/

/** Whether a line of a script's output is a probe's, by the convention of our script (klp.bt). */
export function isProbeLine(text: string): boolean {
  return probeLine.test(text)
}

/** Here `comm` and `pid` are the function's arguments: the task that is switched, not the one that runs. */
const switchesTask: ReadonlySet<string> = new Set(['klp_update_patch_state', 'klp_check_and_switch_task'])

/** What one line of a script's output states: a probe, or nothing that we know. */
export function printedLine(text: string): Outcome {
  const found = probeLine.exec(text)
  const [head = '', digits = '', name = ''] = found ?? []
  // The script says by itself when it begins: no kernel function is called so.
  if (found === null || name.startsWith('bpftrace_')) return unrelated
  const returns = name.endsWith('_ret')
  const fn = returns ? name.slice(0, -'_ret'.length) : name
  const { args } = bareArguments(text.trimEnd(), head.length)
  const task = switchesTask.has(fn) ? null : taskIn(args)
  return {
    outcome: 'observed',
    timeNs: BigInt(digits),
    clock: 'monotonic',
    observations: [{ kind: 'probe', fn, returns, args, task }]
  }
}

function taskIn({ pid, comm }: Readonly<Record<string, string>>): TaskRef | null {
  return pid !== undefined && comm !== undefined && /^\d{1,10}$/.test(pid) ? { pid: Number(pid), comm } : null
}

/** No script prints longer lines, or one line in more records: what does, has no line end at all. */
const longestLine = 64 * 1024
const mostRecords = 256

/**
 * Cuts what printf records printed into lines: a record may hold several of them, or a part of one. A line of
 * evidence is counted by the first reading that it belongs to; the others that it holds count no lines.
 */
export class PrintedLines {
  #text = ''
  /** Records that no reading has counted yet. */
  #waiting = new HeldLines()
  #last = new HeldLines()

  /** One more record, which printed `text`; `held` are its lines in the source. */
  print(held: HeldLines, text: string): Reading[] {
    this.#waiting = this.#waiting.followedBy(held)
    this.#last = held
    const lines = (this.#text + text).split('\n')
    this.#text = lines.pop() ?? ''
    const readings = lines.map((line) => this.#reading(printedLine(line)))
    if (this.#text === '') return this.#waiting.count > 0 ? [...readings, this.#reading(unrelated)] : readings
    const endless = this.#text.length > longestLine || this.#waiting.count > mostRecords
    return endless ? [...readings, ...this.flush()] : readings
  }

  /** Nothing more comes to the line that was begun. */
  flush(): Reading[] {
    const text = this.#text
    this.#text = ''
    if (text === '') return []
    return [this.#reading(isProbeLine(text) ? rejected('the printed line does not end') : unrelated)]
  }

  #reading(outcome: Outcome): Reading {
    const waiting = this.#waiting
    this.#waiting = new HeldLines()
    return waiting.count > 0 ? waiting.reading(outcome) : { ...this.#last.reading(outcome), lines: 0 }
  }
}
