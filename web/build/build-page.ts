import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'

const web = fileURLToPath(new URL('..', import.meta.url))

/**
 * The page enters the projections by their door, behind which is also what only a server needs. What the page
 * does not use is left out, with all that it imports: our modules do nothing by being loaded.
 */
const withoutTheServer: Plugin = {
  name: 'without-the-server',
  setup(builder) {
    builder.onResolve({ filter: /^\.{1,2}\// }, async ({ path, resolveDir, kind, pluginData }) => {
      if (pluginData === 'resolved') return null
      const found = await builder.resolve(path, { resolveDir, kind, pluginData: 'resolved' })
      return resolveDir.includes('/node_modules/') ? found : { ...found, sideEffects: false }
    })
    builder.onResolve({ filter: /^[^./]/ }, ({ path, kind }) => {
      if (kind === 'entry-point' || path.startsWith('preact')) return null
      return { path, external: true, sideEffects: false }
    })
  }
}

/**
 * Makes the page of one file: script and style are in it, and its policy admits these two and requests to its
 * own server, nothing else. A report puts its timeline into the element `klplog-timeline`.
 */
export async function buildPage(file: string): Promise<void> {
  const { outputFiles, metafile } = await build({
    entryPoints: [`${web}main.tsx`, `${web}page.css`],
    outdir: 'page',
    write: false,
    metafile: true,
    plugins: [withoutTheServer],
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    charset: 'utf8',
    legalComments: 'none'
  })
  const left = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path))
  if (left.length > 0) throw new Error(`the page would need ${left.join(', ')}, which no browser has`)
  const output = (ending: string) =>
    (outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? '').trimEnd()
  const script = output('.js').replaceAll('</script', '<\\/script')
  const style = output('.css')
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'"
  ].join('; ')
  const parts: Readonly<Record<string, string>> = { policy, script, style }
  const html = readFileSync(`${web}page.html`, 'utf8').replaceAll(
    /\{(policy|script|style)\}/g,
    (_, name: string) => parts[name] ?? ''
  )
  mkdirSync(dirname(file), { recursive: true })
  // Whoever reads it meanwhile gets the old one or the new one, never a part.
  const partial = `${file}.${process.pid}`
  writeFileSync(partial, html)
  renameSync(partial, file)
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}
