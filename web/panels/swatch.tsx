import { versionColors } from '../timeline/palette.ts'

/** A patch's colour beside its name; none for the original. */
export function Swatch({ version }: { version: number | undefined }) {
  const color = version === undefined ? 'var(--muted)' : `var(--version-${version % versionColors})`
  return <span class="swatch" aria-hidden="true" style={{ background: color }} />
}
