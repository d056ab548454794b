import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What SPIN's verifier says of one exhaustive run. */
export interface SpinRun {
  readonly states: number
  readonly transitions: number
  readonly seconds: number
  /** Bytes of memory in use for a state. */
  readonly bytesPerState: number
}

/** A verifier of a Promela model that searches breadth first; null where SPIN or gcc is not installed. */
export function spinVerifier(model: string, directory: string): (() => SpinRun) | null {
  const place = join(directory, 'spin')
  mkdirSync(place, { recursive: true })
  copyFileSync(fileURLToPath(new URL(model, import.meta.url)), join(place, 'model.pml'))
  const run = (command: string, ...line: string[]) =>
    spawnSync(command, line, { cwd: place, encoding: 'utf8' })
  if (run('spin', '-a', 'model.pml').status !== 0) return null
  const built = run('gcc', '-O2', '-DSAFETY', '-DNOREDUCE', '-DBFS', '-o', 'pan', 'pan.c')
  if (built.status !== 0) return null
  return () => {
    const start = performance.now()
    const text = execFileSync(join(place, 'pan'), { cwd: place, encoding: 'utf8' })
    return readRun(text, (performance.now() - start) / 1000)
  }
}

function readRun(text: string, seconds: number): SpinRun {
  const number = (form: RegExp): number => {
    const found = form.exec(text)?.[1]
    if (found === undefined) throw new Error(`SPIN says nothing that fits ${form}:\n${text}`)
    return Number(found)
  }
  const states = number(/^\s*(\d+) states, stored/m)
  return {
    states,
    transitions: number(/^\s*(\d+) transitions/m),
    seconds,
    bytesPerState: (number(/^\s*([\d.]+)\s+total actual memory usage/m) * 1024 * 1024) / states
  }
}
