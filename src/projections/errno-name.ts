/** Linux's names of the error numbers that livepatch, modules, kprobes and BPF give (asm-generic/errno*.h). */
const names: Readonly<Record<number, string>> = {
  1: 'EPERM',
  2: 'ENOENT',
  3: 'ESRCH',
  4: 'EINTR',
  5: 'EIO',
  7: 'E2BIG',
  8: 'ENOEXEC',
  9: 'EBADF',
  11: 'EAGAIN',
  12: 'ENOMEM',
  13: 'EACCES',
  14: 'EFAULT',
  16: 'EBUSY',
  17: 'EEXIST',
  19: 'ENODEV',
  22: 'EINVAL',
  28: 'ENOSPC',
  34: 'ERANGE',
  38: 'ENOSYS',
  62: 'ETIME',
  75: 'EOVERFLOW',
  84: 'EILSEQ',
  95: 'EOPNOTSUPP',
  98: 'EADDRINUSE',
  99: 'EADDRNOTAVAIL',
  110: 'ETIMEDOUT',
  524: 'ENOTSUPP'
}

/** A positive errno by its name, or as `errno N` where it is none of those. */
export function errnoName(errno: number): string {
  return names[errno] ?? `errno ${errno}`
}
