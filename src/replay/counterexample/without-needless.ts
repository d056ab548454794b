/**
 * Delta debugging: leaves out what is not needed for `holds` to hold, in halves first, then in ever smaller parts.
 * In the end none of the items that are left can be left out alone.
 */
export function withoutNeedless<T>(
  items: readonly T[],
  holds: (left: readonly T[]) => boolean
): readonly T[] {
  let left = items
  for (let size = Math.ceil(left.length / 2); size > 1; size = Math.ceil(size / 2)) {
    left = withoutParts(left, size, holds)
  }
  for (let before = left.length + 1; left.length < before; ) {
    before = left.length
    left = withoutParts(left, 1, holds)
  }
  return left
}

/** Tries each part of that size once, the last first: what came last is least likely to be built on. */
function withoutParts<T>(
  items: readonly T[],
  size: number,
  holds: (left: readonly T[]) => boolean
): readonly T[] {
  let left = items
  for (let end = items.length; end > 0; end -= size) {
    const candidate = [...left.slice(0, Math.max(0, end - size)), ...left.slice(end)]
    if (holds(candidate)) left = candidate
  }
  return left
}
