import { useEffect, useRef, useState } from 'preact/hooks'

/** So long after the last change a value stands still. */
const stillMs = 60

/**
 * What each of some parts of the page shows of a value: the newest one; but while it moves, from frame to frame,
 * only one part in turn has it, for a frame has no time for them all. When it stands still the others catch up.
 */
export function useInTurn<Value>(value: Value, parts: number, isMoving: boolean): readonly Value[] {
  const [still, standStill] = useState(value)
  const kept = useRef({ values: new Array<Value>(parts).fill(value), newest: value, turn: 0 }).current
  if (!isMoving || still === value) kept.values = new Array<Value>(parts).fill(value)
  else if (kept.newest !== value) {
    kept.values = kept.values.with(kept.turn % parts, value)
    kept.turn += 1
  }
  kept.newest = value
  const { values } = kept
  useEffect(() => {
    if (values.every((one) => one === value)) return
    const timer = setTimeout(() => standStill(value), stillMs)
    return () => clearTimeout(timer)
  }, [values, value])
  return values
}
