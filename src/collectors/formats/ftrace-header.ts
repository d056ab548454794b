/** The part that every ftrace record begins with: `TASK-PID [CPU] flags TIME: `, and how to find its end. */
export interface FtraceHeader {
  /** The task's name: up to 15 bytes of anything. */
  readonly comm: string
  readonly pid: string
  /** Whose buffer the record comes from. */
  readonly cpu: string
  /** The time's digits before and behind its dot. */
  readonly seconds: string
  readonly fraction: string
  /** Where the event begins. */
  readonly at: number
}

/**
 * `-PID`, an optional `(TGID)`, `[CPU]` with or without flags, and the time with 6 or (`trace-cmd report
 * -t`) 9 digits behind its dot. Sticky, and every repetition but that of spaces has a bound, so a line
 * costs one pass.
 */
const behindComm = new RegExp(
  [
    String.raw`-(\d{1,10}) +(?:\( *[\d-]{1,10}\) +)?`,
    // `trace-cmd report -l` glues the processor and the flags: `0d.h1.`.
    String.raw`(?:\[(\d{1,6})\](?: +[^\s:]{1,12})?|(\d{1,6})[^\s\d:][^\s:]{1,11})`,
    String.raw` +(\d{1,11})\.(\d{1,9}): *`
  ].join(''),
  'y'
)

/** TASK_COMM_LEN without its closing zero. */
const longestComm = 15

/** Where the kernel's `%16s-` puts the dash in front of the pid. */
const paddedDash = 16

const dash = 45

/** Reads the header of a record; null when the line does not begin with one. */
export function ftraceHeader(raw: string): FtraceHeader | null {
  if (raw.charCodeAt(paddedDash) === dash) {
    const header = headerAt(raw, 0, paddedDash)
    if (header !== null) return header
  }
  // Whoever copied the line dropped its padding, or the name has fewer characters than bytes.
  const start = raw.search(/\S/)
  if (start < 0) return null
  for (let at = raw.lastIndexOf('-', start + longestComm); at >= start; at = raw.lastIndexOf('-', at - 1)) {
    const header = headerAt(raw, start, at)
    if (header !== null) return header
    if (at === 0) return null
  }
  return null
}

function headerAt(raw: string, start: number, dashAt: number): FtraceHeader | null {
  behindComm.lastIndex = dashAt
  const found = behindComm.exec(raw)
  if (found === null) return null
  return {
    comm: raw.slice(start, dashAt).trimStart(),
    pid: found[1] ?? '',
    cpu: found[2] ?? found[3] ?? '',
    seconds: found[4] ?? '',
    fraction: found[5] ?? '',
    at: behindComm.lastIndex
  }
}
