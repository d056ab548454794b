/** The bpf and module system calls that auditd is asked about. */
export type CallName = 'bpf' | 'init_module' | 'finit_module' | 'delete_module'

/** One line of an audit log. */
export interface AuditRecord {
  /** By its name, also where an older user space only knew the number. */
  readonly type: string
  readonly node: string | null
  /** The event that the record belongs to: records of one system call share serial and time. */
  readonly serial: string
  /** Since the epoch. */
  readonly timeNs: bigint
  /** As they stand in the record, with quotes. Of the enriched tail only its own names (`SYSCALL`, `UID`). */
  readonly fields: ReadonlyMap<string, string>
}

/** auditd before 2.8.5 does not know AUDIT_BPF; the kernel's own log knows numbers only. */
const typeNames: ReadonlyMap<string, string> = new Map([
  ['1300', 'SYSCALL'],
  ['1320', 'EOE'],
  ['1330', 'KERN_MODULE'],
  ['1334', 'BPF']
])

/** The call's number in each architecture, as struct audit_arch has it, little and big endian. */
const numbers = {
  x86_64: { init_module: 175, delete_module: 176, finit_module: 313, bpf: 321 },
  i386: { init_module: 128, delete_module: 129, finit_module: 350, bpf: 357 },
  generic: { init_module: 105, delete_module: 106, finit_module: 273, bpf: 280 },
  powerpc: { init_module: 128, delete_module: 129, finit_module: 353, bpf: 361 },
  s390: { init_module: 128, delete_module: 129, finit_module: 344, bpf: 351 }
} as const satisfies Record<string, Record<CallName, number>>

const architectures = new Map<string, Readonly<Record<CallName, number>>>([
  ['c000003e', numbers.x86_64],
  ['40000003', numbers.i386],
  ['c00000b7', numbers.generic],
  ['c00000f3', numbers.generic],
  ['c0000102', numbers.generic],
  ['c0000015', numbers.powerpc],
  ['80000016', numbers.s390]
])

/** Every audit record begins so; `msg=` is absent where the kernel logged it itself, without auditd. */
const head =
  /^(?:node=(\S+) )?type=(?:UNKNOWN\[(\d+)\]|(\w+)) (?:msg=)?audit\((\d{1,12})\.(\d{3}):(\d{1,20})\): ?/

/** A record from its line; null for a line that is none. */
export function parseRecord(line: string): AuditRecord | null {
  const match = head.exec(line)
  const [whole, node = null, number, name, seconds, millis, serial] = match ?? []
  const type = number ?? name
  if (whole === undefined || type === undefined || serial === undefined) return null
  return {
    type: typeNames.get(type) ?? type,
    node,
    serial,
    timeNs: BigInt(`${seconds}${millis}`) * 1_000_000n,
    fields: fieldsOf(line.slice(whole.length))
  }
}

/**
 * `name=value` pairs; a value in quotes may hold spaces. The tail that auditd enriches stands behind a 0x1D.
 */
function fieldsOf(text: string): Map<string, string> {
  const fields = new Map<string, string>()
  for (const [, name, value] of text
    .replaceAll('\x1d', ' ')
    .matchAll(/(?<=^|\s)([^\s=]+)=("[^"]*"|'[^']*'|\S*)/g)) {
    // The first of a name wins: nothing that was appended can speak over the kernel.
    if (name !== undefined && value !== undefined && !fields.has(name)) fields.set(name, value)
  }
  return fields
}

/**
 * The string that a field holds. The kernel (audit_log_untrustedstring) quotes what is harmless and writes
 * the rest, say a name with a space, as hex digits without quotes. Null for `(null)` and its like.
 */
export function stringOf(field: string | undefined): string | null {
  if (field === undefined || field === '(null)' || field === '(none)' || field === '?') return null
  if (/^"[^"]*"$/.test(field)) return field.slice(1, -1)
  if (field.length % 2 === 1 || !/^[0-9A-Fa-f]+$/.test(field)) return field
  const bytes = Buffer.from(field, 'hex')
  const text = bytes.toString('utf8')
  return text.includes('\ufffd') ? bytes.toString('latin1') : text
}

/** The whole number that a field holds; null when it holds none that a double could. */
export function numberOf(field: string | undefined): number | null {
  return field !== undefined && /^-?\d{1,15}$/.test(field) ? Number(field) : null
}

/** A user or login id; null for the unset one, -1 as an unsigned number. */
export function userOf(field: string | undefined): number | null {
  const id = numberOf(field)
  return id === 4_294_967_295 || id === -1 ? null : id
}

/**
 * Which of our calls a SYSCALL record is about; null for any other. The enriched name serves where we lack
 * numbers.
 */
export function callOf(fields: ReadonlyMap<string, string>): CallName | null {
  const calls = architectures.get(fields.get('arch') ?? '')
  const number = numberOf(fields.get('syscall'))
  const byNumber = Object.entries(calls ?? {}).find(([, itsNumber]) => itsNumber === number)?.[0]
  const name = calls ? byNumber : (fields.get('SYSCALL') ?? '')
  return isCallName(name) ? name : null
}

function isCallName(name: string | undefined): name is CallName {
  return name !== undefined && Object.hasOwn(numbers.x86_64, name)
}
