import type { EvidenceFormat, LineReader, Observation, Reading } from '../observation.ts'
import { type AuditRecord, callOf, numberOf, parseRecord, stringOf, userOf } from './audit-record.ts'
import {
  HeldLines,
  lineReading,
  longestLine,
  type Outcome,
  rejected,
  tooLong,
  unrelated
} from './held-lines.ts'
import { shareOf } from './json-lines.ts'

type Audit = Extract<Observation, { kind: 'audit' }>

/**
 * An audit log (`type=BPF msg=audit(EPOCH.ms:SERIAL): prog-id=76 op=LOAD`): which BPF programs were loaded
 * and unloaded, which modules came and went, and who did it. The records of one SERIAL are one event, in any
 * order and between those of others; who did it stands in its SYSCALL record, which most unloads lack, since
 * the kernel frees programs from its own workers.
 */
export const audit: EvidenceFormat = {
  name: 'audit',
  description: 'auditd log: BPF loads and unloads, module loads and unloads, with who did it',
  recognise: (head) => shareOf(head, (line) => parseRecord(line) !== null || ausearchFrame.test(line)),
  open: () => new AuditReader()
}

/** ausearch puts these around the records of each event. */
const ausearchFrame = /^(?:----|time->.*)$/

/**
 * Interpreted output has words for numbers, and a local time without a zone; a space tells it from the raw
 * one.
 */
const interpreted = /^(?:node=\S+ )?type=\S+ msg=audit\([^)]*\) : /

/** Records of an event stand close together; one that is so far behind the newest is whole. */
const farSerials = 64n
const heldEvents = 64
const heldRecords = 1024

interface AuditEvent {
  readonly node: string | null
  readonly serial: string
  /** The serial as a number, which only tells how far apart two events are. */
  readonly order: bigint
  readonly timeNs: bigint
  readonly records: AuditRecord[]
  readonly lines: HeldLines
}

class AuditReader implements LineReader {
  /** By node, time and serial, the oldest first. */
  readonly #held = new Map<string, AuditEvent>()

  push(raw: string, line: number, latin1?: boolean): Reading[] {
    const record = raw.length > longestLine ? null : parseRecord(raw)
    if (!record) return this.#pushOther(raw, line, latin1)
    const key = `${record.node} ${record.timeNs} ${record.serial}`
    const event = this.#held.get(key) ?? {
      node: record.node,
      serial: record.serial,
      order: BigInt(record.serial),
      timeNs: record.timeNs,
      records: [],
      lines: new HeldLines()
    }
    this.#held.set(key, event)
    event.records.push(record)
    event.lines.add(raw, line, latin1)
    const isWhole = record.type === 'EOE' || event.records.length >= heldRecords
    return [...this.#flushBehind(event), ...(isWhole ? this.#flush(key) : [])]
  }

  end(): Reading[] {
    return [...this.#held.keys()].flatMap((key) => this.#flush(key))
  }

  #pushOther(raw: string, line: number, latin1: boolean | undefined): Reading[] {
    if (raw.length > longestLine) return [lineReading(raw, line, latin1, tooLong)]
    if (raw.trim() === '') return [lineReading(raw, line, latin1, unrelated)]
    if (ausearchFrame.test(raw)) return [...this.end(), lineReading(raw, line, latin1, unrelated)]
    const reason = interpreted.test(raw)
      ? 'interpreted by ausearch -i, which loses ids and the clock: use `ausearch --raw`'
      : 'not an audit record, or a cut one'
    return [lineReading(raw, line, latin1, rejected(reason))]
  }

  /** Whatever is too old to get another record, now that one of the event `newest` came. */
  #flushBehind(newest: AuditEvent): Reading[] {
    const readings: Reading[] = []
    for (const [key, event] of this.#held) {
      const far = event.node === newest.node && event.order + farSerials < newest.order
      if (far || this.#held.size > heldEvents) readings.push(...this.#flush(key))
    }
    return readings
  }

  #flush(key: string): Reading[] {
    const event = this.#held.get(key)
    this.#held.delete(key)
    return event ? [event.lines.reading(outcomeOf(event))] : []
  }
}

function outcomeOf(event: AuditEvent): Outcome {
  const observations = observationsOf(event)
  if (typeof observations === 'string') return rejected(observations)
  if (observations.length === 0) return unrelated
  const host = event.node === null ? {} : { host: event.node }
  return { outcome: 'observed', timeNs: event.timeNs, clock: 'realtime', ...host, observations }
}

/** What an event states, or why that cannot be told. */
function observationsOf(event: AuditEvent): Audit[] | string {
  const ofType = (type: string) => event.records.filter((record) => record.type === type)
  const syscall = ofType('SYSCALL')[0]
  const call = syscall ? callOf(syscall.fields) : null
  const who = whoOf(event.serial, syscall)
  const programs = ofType('BPF').map((record) => programOf(record, who))
  const wrong = programs.find((program) => typeof program === 'string')
  if (wrong !== undefined) return wrong
  if (programs.length > 0) return programs.filter((program) => typeof program !== 'string')
  if (call === 'bpf') return [{ ...who, record: 'syscall' }]
  const name = ofType('KERN_MODULE')[0]?.fields.get('name')
  if (call) {
    return [
      { ...who, record: call === 'delete_module' ? 'module-unload' : 'module-load', module: stringOf(name) }
    ]
  }
  if (name === undefined) return []
  if (!syscall) return 'KERN_MODULE without its SYSCALL: a load or an unload, and nobody knows which'
  const [number, arch] = [syscall.fields.get('syscall'), syscall.fields.get('arch')]
  return `KERN_MODULE with system call ${number} of arch ${arch}: no module call`
}

function programOf(record: AuditRecord, who: Omit<Audit, 'record'>): Audit | string {
  const op = record.fields.get('op')
  const programId = numberOf(record.fields.get('prog-id'))
  if (programId === null) return 'BPF record without a prog-id'
  if (op === 'LOAD') return { ...who, record: 'bpf-load', programId }
  return op === 'UNLOAD' ? { ...who, record: 'bpf-unload', programId } : `BPF record with op=${op}`
}

/** An observation without its subject, from the SYSCALL record that tells who did it, if there is one. */
function whoOf(serial: string, syscall: AuditRecord | undefined): Omit<Audit, 'record'> {
  const fields = syscall?.fields ?? new Map<string, string>()
  const pid = numberOf(fields.get('pid'))
  const success = fields.get('success')
  return {
    kind: 'audit',
    serial,
    programId: null,
    module: null,
    success: success === 'yes' ? true : success === 'no' ? false : null,
    exit: numberOf(fields.get('exit')),
    task: pid === null ? null : { pid, comm: stringOf(fields.get('comm')) ?? '' },
    uid: userOf(fields.get('uid')),
    auid: userOf(fields.get('auid')),
    exe: stringOf(fields.get('exe'))
  }
}
