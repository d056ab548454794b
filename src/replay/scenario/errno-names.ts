/** The errno names that a scenario may give, besides numbers. */
const errnos: Readonly<Record<string, number>> = {
  ok: 0,
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  EIO: 5,
  E2BIG: 7,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EBUSY: 16,
  EEXIST: 17,
  ENODEV: 19,
  EINVAL: 22,
  ENOSPC: 28,
  EILSEQ: 84,
  EADDRINUSE: 98,
  EADDRNOTAVAIL: 99
}

/** An errno's name, `ok` for 0. */
export function errnoText(errno: number): string {
  return Object.entries(errnos).find(([, value]) => value === errno)?.[0] ?? String(errno)
}

/** The number of a name, or of itself; NaN where the name is none. */
export function errnoNumber(errno: string | number): number {
  return typeof errno === 'number' ? errno : (errnos[errno] ?? Number.NaN)
}
