/** kstrtobool(): its first letters decide; null stands for -EINVAL. */
export function kstrtobool(value: string): boolean | null {
  if (/^(?:[eEyYtT1]|[oO][nN])/.test(value)) return true
  if (/^(?:[dDnNfF0]|[oO][fF])/.test(value)) return false
  return null
}

/** kstrtoint() with base 0, and a newline behind it as `echo` leaves one; null stands for -EINVAL. */
export function kstrtoint(value: string): number | null {
  const [, sign, digits] = /^([+-]?)(0[xX][\da-fA-F]+|\d+)\n?$/.exec(value) ?? []
  if (digits === undefined) return null
  const isOctal = /^0\d/.test(digits)
  const number = isOctal ? Number.parseInt(digits, 8) : Number(digits)
  return sign === '-' && number !== 0 ? -number : number
}
