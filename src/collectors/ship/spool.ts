import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { Ledger } from './ledger.ts'
import { keysOf, type Parcel } from './parcel.ts'

/** The spool is another's, or is in use. */
export class SpoolError extends Error {
  readonly hint: string

  constructor(message: string, hint: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.hint = hint
  }
}

const parcelForm = /^\d{12}\.json$/

/** Parcels on the disk that wait to be sent, in their order, and what was acknowledged. One process at a time. */
export class Spool {
  readonly directory: string
  readonly ledger: Ledger
  readonly #waitingKeys = new Set<string>()
  #next: number

  private constructor(directory: string) {
    this.directory = directory
    this.ledger = new Ledger(join(directory, 'acknowledged'))
    const waiting = this.waiting()
    for (const name of waiting) for (const key of keysOf(this.read(name))) this.#waitingKeys.add(key)
    const last = waiting.at(-1)
    this.#next = last === undefined ? 1 : Number(last.slice(0, -'.json'.length)) + 1
  }

  /**
   * Opens the spool of a service, and makes it where there is none.
   * @throws SpoolError when it is of another service, or in use by another process
   */
  static open(directory: string, url: string): Spool {
    mkdirSync(join(directory, 'refused'), { recursive: true, mode: 0o700 })
    const target = join(directory, 'service')
    if (!existsSync(target)) writeDurably(directory, 'service', `${url}\n`)
    const known = readFileSync(target, 'utf8').trim()
    if (known !== url) {
      throw new SpoolError(
        `${directory} holds what is for ${known}, not for ${url}`,
        'Give each service a spool of its own with --spool.'
      )
    }
    lock(directory)
    return new Spool(directory)
  }

  /** True for what waits here already, or was acknowledged. */
  has(key: string): boolean {
    return this.ledger.has(key) || this.#waitingKeys.has(key)
  }

  /** Names of the parcels that wait, the oldest first. */
  waiting(): string[] {
    return readdirSync(this.directory)
      .filter((name) => parcelForm.test(name))
      .sort()
  }

  /** Keeps a parcel; it is on the disk when this returns. */
  put(parcel: Parcel): void {
    const name = `${String(this.#next).padStart(12, '0')}.json`
    this.#next += 1
    writeDurably(this.directory, name, JSON.stringify(parcel))
    for (const key of keysOf(parcel)) this.#waitingKeys.add(key)
  }

  read(name: string): Parcel {
    return JSON.parse(readFileSync(join(this.directory, name), 'utf8')) as Parcel
  }

  /** The parcel has arrived. */
  remove(name: string): void {
    rmSync(join(this.directory, name))
  }

  /** The parcel will never be taken: it is laid aside with the reason, for a person to look at. */
  refuse(name: string, reason: string): void {
    writeDurably(join(this.directory, 'refused'), `${name}.reason`, `${reason}\n`)
    renameSync(join(this.directory, name), join(this.directory, 'refused', name))
  }

  close(): void {
    this.ledger.close()
    rmSync(join(this.directory, 'lock'), { force: true })
  }
}

/** Under another name until it is whole and on the disk. */
function writeDurably(directory: string, name: string, text: string): void {
  const partial = join(directory, `${name}.partial`)
  writeFileSync(partial, text, { mode: 0o600, flush: true })
  renameSync(partial, join(directory, name))
  const opened = openSync(directory, 'r')
  fsyncSync(opened)
  closeSync(opened)
}

/** Held by the number of the process; one that has ended holds nothing. */
function lock(directory: string): void {
  const path = join(directory, 'lock')
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' })
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      const holder = Number(readFileSync(path, 'utf8'))
      if (isAlive(holder)) {
        throw new SpoolError(
          `${directory} is in use by process ${holder}`,
          'Wait for it to end, or give another --spool.'
        )
      }
      rmSync(path, { force: true })
    }
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid < 1 || pid === process.pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
