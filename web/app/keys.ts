import type { Page } from './page.ts'

/** Every key, for the handler and for the page's own help. */
export const keyHelp: readonly (readonly [keys: string, what: string])[] = [
  ['← → or k j', 'one event of the list back, on'],
  ['Shift ← →', 'ten events back, on'],
  ['Home End', 'first, last event of the list'],
  ['PageUp PageDown', 'move the window'],
  ['+ − 0', 'zoom in, zoom out, whole history'],
  ['n p', 'next, previous finding'],
  ['a b', 'set or take away marker A, B at the cursor'],
  ['/', 'search'],
  ['drag', 'move the cursor; with Shift, or two fingers: move the window'],
  ['Ctrl wheel, pinch', 'zoom at the pointer']
]

/** Does what a key stands for; true when it stands for something. */
export function press(page: Page, event: Pick<KeyboardEvent, 'key' | 'shiftKey'>): boolean {
  const deed = deeds[event.key]
  if (deed === undefined) return false
  deed(page, event.shiftKey)
  return true
}

const back = (page: Page, isFar: boolean) => page.step(isFar ? -10 : -1)
const on = (page: Page, isFar: boolean) => page.step(isFar ? 10 : 1)

const deeds: Readonly<Record<string, (page: Page, isFar: boolean) => void>> = {
  ArrowLeft: back,
  ArrowUp: back,
  k: back,
  K: back,
  ArrowRight: on,
  ArrowDown: on,
  j: on,
  J: on,
  Home: (page) => page.moveTo(page.view.places[0] ?? 0),
  End: (page) => page.moveTo(page.view.places.at(-1) ?? 0),
  PageUp: (page) => page.pan(-0.5),
  PageDown: (page) => page.pan(0.5),
  '+': (page) => page.zoom(0.5),
  '=': (page) => page.zoom(0.5),
  '-': (page) => page.zoom(2),
  '0': (page) => page.showWhole(),
  n: (page) => page.showNext(true),
  p: (page) => page.showNext(false),
  a: (page) => page.mark('a'),
  b: (page) => page.mark('b')
}
