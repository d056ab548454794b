const missing = /symbol '([^']+)' not found in symbol table/
const ambiguous = /unresolvable ambiguity for symbol '([^']+)'/

/** The symbol table of vmlinux as far as the kernel complained about it: how often there is which symbol. */
export function complainedSymbols(log: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>()
  for (const text of log) {
    const [, none] = missing.exec(text) ?? []
    const [, several] = ambiguous.exec(text) ?? []
    if (none !== undefined) counts.set(none, 0)
    if (several !== undefined) counts.set(several, 2)
  }
  return counts
}
