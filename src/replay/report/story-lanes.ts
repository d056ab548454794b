import type { Story } from '../counterexample/story.ts'
import { escaped } from './markup.ts'

const stepWidth = 64
const laneHeight = 26
const labelWidth = 190
const headHeight = 24

/** What lies in a lane at a step; null: it is not there. */
interface Lane {
  readonly label: string
  readonly kind: 'patch' | 'hook'
  readonly cells: readonly (string | null)[]
}

/** A story's patches and hooks as lanes over its steps, as inline SVG. The page's styles colour it. */
export function lanesSvg({ steps }: Story): string {
  const lanes = [
    ...lanesOf('patch', steps, ({ patches }) => new Map(patches.map(({ name, state }) => [name, state]))),
    ...lanesOf('hook', steps, ({ hooks }) => new Map(hooks.map(({ program, status }) => [program, status])))
  ]
  const width = labelWidth + steps.length * stepWidth
  const height = headHeight + lanes.length * laneHeight + 6
  const heads = steps.map(({ wrong }, n) => {
    const x = labelWidth + n * stepWidth + stepWidth / 2
    const mark = wrong.length > 0 ? ' class="wrong"' : ''
    return `<text x="${x}" y="15" text-anchor="middle"${mark}>${wrong.length > 0 ? '✗ ' : ''}${n + 1}</text>`
  })
  const columns = steps.flatMap((step, n) =>
    step.wrong.length === 0
      ? []
      : [`<rect class="at" x="${labelWidth + n * stepWidth}" y="0" width="${stepWidth}" height="${height}"/>`]
  )
  const title = `Patches and hooks over ${steps.length} steps`
  return [
    `<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${title}">`,
    ...columns,
    ...heads,
    ...lanes.map((lane, n) => laneSvg(lane, headHeight + n * laneHeight)),
    '</svg>'
  ].join('\n')
}

function lanesOf(
  kind: Lane['kind'],
  steps: Story['steps'],
  namesOf: (step: Story['steps'][number]) => ReadonlyMap<string, string>
): Lane[] {
  const seen = steps.map(namesOf)
  const labels = new Set(seen.flatMap((names) => [...names.keys()]))
  return [...labels].map((label) => ({ label, kind, cells: seen.map((names) => names.get(label) ?? null) }))
}

function laneSvg({ label, kind, cells }: Lane, y: number): string {
  const boxes: string[] = []
  for (let from = 0; from < cells.length; ) {
    const state = cells[from] ?? null
    let to = from + 1
    while (to < cells.length && cells[to] === state) to += 1
    if (state !== null) boxes.push(boxSvg(state, from, to, y))
    from = to
  }
  const name = `<text x="0" y="${y + 17}">${kind === 'hook' ? '↪ ' : ''}${escaped(clipped(label, 26))}</text>`
  return [name, ...boxes].join('\n')
}

function boxSvg(state: string, from: number, to: number, y: number): string {
  const x = labelWidth + from * stepWidth + 2
  const width = (to - from) * stepWidth - 4
  const text = clipped(state, Math.floor(width / 7))
  return `<g class="lane ${state}"><title>${escaped(state)}</title><rect x="${x}" y="${y + 2}" width="${width}" height="${laneHeight - 6}" rx="3"/><text x="${x + 5}" y="${y + 17}">${escaped(text)}</text></g>`
}

function clipped(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, Math.max(1, length - 1))}…`
}
