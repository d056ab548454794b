import { createWriteStream, existsSync, readFileSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { createGzip } from 'node:zlib'
import { InputError } from './errors.ts'

/** Where the page has its timeline; whatever it says is read by the page's own script. */
const place = '<script type="text/plain" id="klplog-timeline">'

/** The page as `npm run build` made it, which is as far above the compiled file as above the source. */
function builtPage(): string {
  for (const path of ['../../dist/web/page.html', '../../web/page.html']) {
    const file = fileURLToPath(new URL(path, import.meta.url))
    // Beside the sources lies the page's own template.
    const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
    if (text.includes(place) && !text.includes('{script}')) return text
  }
  throw new InputError('the page is not built', '`npm run build` makes it.')
}

/** Writes the page with a timeline in it; under another name until it is whole. */
export async function writeReport(file: string, title: string, lines: AsyncIterable<string>): Promise<void> {
  const page = builtPage().replace('<title>klplog</title>', () => `<title>${escaped(title)} - klplog</title>`)
  const at = page.indexOf(place) + place.length
  const partial = `${file}.partial`
  try {
    await pipeline(
      Readable.from(withEnds(lines)),
      createGzip({ level: 9 }),
      (zipped: AsyncIterable<Buffer>) => around(page.slice(0, at), zipped, page.slice(at)),
      createWriteStream(partial, { flush: true })
    )
    await rename(partial, file)
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
}

async function* withEnds(lines: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const line of lines) yield `${line}\n`
}

/** The bytes in base64 between two texts: three bytes are four letters, so what is left over waits. */
async function* around(before: string, bytes: AsyncIterable<Buffer>, after: string): AsyncGenerator<string> {
  yield before
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of bytes) {
    const all = Buffer.concat([rest, chunk])
    const whole = all.length - (all.length % 3)
    rest = all.subarray(whole)
    yield all.subarray(0, whole).toString('base64')
  }
  yield rest.toString('base64')
  yield after
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
