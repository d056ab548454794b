/** Marks a moment of the page's own life, for whoever measures it; only the first of its name. */
export function markOnce(name: 'klplog-first-picture' | 'klplog-whole'): void {
  if (performance.getEntriesByName(name).length === 0) performance.mark(name)
}
