const unitNs: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  '': 1_000_000_000n,
  m: 60_000_000_000n,
  min: 60_000_000_000n,
  h: 3_600_000_000_000n,
  d: 86_400_000_000_000n,
  w: 604_800_000_000_000n
}

const part = /(\d+)(?:\.(\d+))?(ns|us|ms|min|s|m|h|d|w|$)/y

/** Ns of `1h30m`, `21.5`, `90s`, `21318403548ns`; a number without a unit is seconds. Null: it is none. */
export function parseDuration(text: string): bigint | null {
  if (text === '') return null
  let ns = 0n
  part.lastIndex = 0
  while (part.lastIndex < text.length) {
    const found = part.exec(text)
    if (found === null) return null
    const [, whole = '', fraction = '', unit = ''] = found
    ns += scaled(whole, fraction, unitNs[unit] ?? 0n)
  }
  return ns
}

/** `whole.fraction` units in ns; what is finer than a ns is cut. */
export function scaled(whole: string, fraction: string, unit: bigint): bigint {
  return (BigInt(whole + fraction) * unit) / 10n ** BigInt(fraction.length)
}

/** Ns as seconds with six digits, cut as the kernel cuts them. */
export function seconds(ns: bigint | string): string {
  const value = BigInt(ns)
  const [sign, abs] = value < 0n ? ['-', -value] : ['', value]
  return `${sign}${abs / 1_000_000_000n}.${String((abs % 1_000_000_000n) / 1000n).padStart(6, '0')}`
}
