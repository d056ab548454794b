/** A window of time: ns since the history's base. */
export interface Window {
  readonly from: number
  readonly to: number
}

/** Shorter windows than this would draw nothing but one line. */
const lengthMin = 1000

export function toPx(window: Window, width: number, time: number): number {
  return ((time - window.from) / (window.to - window.from)) * width
}

export function toTime(window: Window, width: number, px: number): number {
  return window.from + (px / Math.max(1, width)) * (window.to - window.from)
}

/** The whole history with a little air at both ends. */
export function wholeWindow(lastTime: number): Window {
  const length = Math.max(lastTime, lengthMin)
  return { from: -length * 0.01, to: length * 1.01 }
}

/** A part of the history up to its end, with a little air. */
export function fittingWindow(from: number, lastTime: number): Window {
  const air = (lastTime - from) * 0.02
  return inside({ from: from - air, to: lastTime + Math.max(air, lengthMin) }, wholeWindow(lastTime))
}

/** Zooms by a factor (below 1 is closer) around a time that keeps its place. */
export function zoomed(window: Window, pivot: number, factor: number, lastTime: number): Window {
  const whole = wholeWindow(lastTime)
  const length = Math.min(whole.to - whole.from, Math.max(lengthMin, (window.to - window.from) * factor))
  const part = (pivot - window.from) / (window.to - window.from)
  return inside({ from: pivot - part * length, to: pivot + (1 - part) * length }, whole)
}

/** Moves the window by a part of its length. */
export function panned(window: Window, part: number, lastTime: number): Window {
  const by = (window.to - window.from) * part
  return inside({ from: window.from + by, to: window.to + by }, wholeWindow(lastTime))
}

/** The window, moved only as far as the time needs to be seen well inside. */
export function showing(window: Window, time: number, lastTime: number): Window {
  if (time >= window.from && time <= window.to) return window
  const length = window.to - window.from
  const from = time < window.from ? time - length * 0.2 : time - length * 0.8
  return inside({ from, to: from + length }, wholeWindow(lastTime))
}

/** A window around a stretch of time, with as much again on either side. */
export function around(from: number, to: number, lastTime: number): Window {
  const air = Math.max((to - from) * 0.5, lengthMin)
  return inside({ from: from - air, to: to + air }, wholeWindow(lastTime))
}

function inside({ from, to }: Window, whole: Window): Window {
  const length = Math.min(to - from, whole.to - whole.from)
  const start = Math.min(Math.max(from, whole.from), whole.to - length)
  return { from: start, to: start + length }
}

/** Times for the axis: round numbers of ns, about as many as fit. */
export function ticks(window: Window, width: number, baseNs: bigint): { time: number; text: string }[] {
  const step = roundStep(((window.to - window.from) * 110) / Math.max(1, width))
  const base = Number(baseNs % BigInt(step))
  const digits = Math.max(0, 9 - Math.floor(Math.log10(step)))
  const found: { time: number; text: string }[] = []
  for (let time = Math.ceil((window.from + base) / step) * step - base; time <= window.to; time += step) {
    const ns = baseNs + BigInt(Math.round(time))
    if (ns < 0n) continue
    const fraction = String(ns % 1_000_000_000n)
      .padStart(9, '0')
      .slice(0, digits)
    found.push({ time, text: `+${ns / 1_000_000_000n}${digits === 0 ? '' : `.${fraction}`} s` })
  }
  return found
}

/** The next 1, 2 or 5 times a power of ten. */
function roundStep(atLeast: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, atLeast)))
  const part = atLeast / power
  return Math.round(power * (part <= 1 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10))
}
