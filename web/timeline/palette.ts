/** The page's colours as its style sheet has them for the present theme, ready for a canvas. */
export interface Palette {
  readonly surface: string
  readonly raised: string
  readonly ink: string
  readonly muted: string
  readonly line: string
  readonly accent: string
  readonly bad: string
  readonly reached: string
  /** Strong and pale, by a patch's number. */
  readonly versions: readonly { readonly strong: string; readonly pale: string }[]
  readonly pale: { readonly bad: string; readonly reached: string; readonly accent: string }
  readonly font: string
}

export const versionColors = 8

export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element)
  const color = (name: string) => style.getPropertyValue(`--${name}`).trim()
  const surface = color('surface')
  const share = Number(color('pale-share'))
  const pale = (strong: string) => mixed(strong, surface, share)
  const versions = Array.from({ length: versionColors }, (_, n) => {
    const strong = color(`version-${n}`)
    return { strong, pale: pale(strong) }
  })
  return {
    surface,
    raised: color('raised'),
    ink: color('ink'),
    muted: color('muted'),
    line: color('line'),
    accent: color('accent'),
    bad: color('bad'),
    reached: color('reached'),
    versions,
    pale: { bad: pale(color('bad')), reached: pale(color('reached')), accent: pale(color('accent')) },
    font: style.fontFamily
  }
}

/** Two colours (`#rrggbb`) mixed: so much of the first. */
function mixed(first: string, second: string, share: number): string {
  const part = (color: string, at: number) => Number.parseInt(color.slice(at, at + 2), 16)
  const channel = (at: number) => Math.round(part(first, at) * share + part(second, at) * (1 - share))
  return `#${[1, 3, 5].map((at) => channel(at).toString(16).padStart(2, '0')).join('')}`
}
