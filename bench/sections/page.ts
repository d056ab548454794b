import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { writeReport } from '../../src/cli/report-file.ts'
import { openSqliteLog } from '../../src/events/index.ts'
import { timelineLines } from '../../src/projections/index.ts'
import { buildPage } from '../../web/build/build-page.ts'
import { atMost, type Bench, plainRow, type Row, type Section } from '../bench.ts'
import { quantile } from '../rounds.ts'

const executablePath = '/usr/bin/chromium'
/** A screen with 60 pictures a second has so long for each. */
const frameMs = 1000 / 60

/** The page in a browser: its size, how soon it shows something, and how smoothly its cursor is dragged. */
export const page: Section = {
  name: 'page',
  async run(bench) {
    // Where reports take it from.
    const file = fileURLToPath(new URL('../../dist/web/page.html', import.meta.url))
    await buildPage(file)
    const html = readFileSync(file)
    const sizes = [
      plainRow('page, script and style in it', 'kB', html.length / 1000),
      plainRow('page, as a service sends it (gzip)', 'kB', gzipSync(html).length / 1000)
    ]
    if (!existsSync(executablePath)) {
      console.error(`There is no ${executablePath}: the page is not measured in a browser.`)
      return sizes
    }
    const events = bench.quick ? 10_000 : 100_000
    const url = await reportOf(bench, events)
    const profile = mkdtempSync(join(bench.directory, 'chromium-'))
    const context = await openBrowser(profile)
    try {
      return [...sizes, ...(await looks(context, url, events))]
    } finally {
      await context.close()
      rmSync(profile, { recursive: true, force: true })
    }
  }
}

async function reportOf({ histories, directory }: Bench, events: number): Promise<string> {
  const log = await openSqliteLog({ path: await histories.log(events), readOnly: true })
  const [info] = await log.streams()
  if (info === undefined) throw new Error('the history has no stream')
  const file = join(directory, `report-${events}.html`)
  await writeReport(file, info.stream, timelineLines(log, info, []))
  await log.close()
  return pathToFileURL(file).href
}

function openBrowser(profile: string): Promise<BrowserContext> {
  return chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    viewport: { width: 1280, height: 900 },
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run']
  })
}

async function looks(context: BrowserContext, url: string, events: number): Promise<Row[]> {
  const tab = await context.newPage()
  await tab.goto(url)
  await tab.getByText(/^Linux .* \d+ events$/).waitFor({ timeout: 120_000 })
  const since = (name: string) => tab.evaluate<number>(`performance.getEntriesByName('${name}')[0].startTime`)
  const first = await since('klplog-first-picture')
  const whole = await since('klplog-whole')
  const lanes = await tab.locator('.lane-labels li').count()
  const what = `page with ${events} events, ${lanes} lanes`
  const frames = await drag(tab)
  const p95 = quantile(frames, 0.95)
  return [
    plainRow(`${what}: first picture`, 'ms', first),
    plainRow(`${what}: all events there`, 'ms', whole),
    plainRow(`${what}: work for a picture while dragging, p50`, 'ms', quantile(frames, 0.5)),
    plainRow(`${what}: work for a picture while dragging, p95`, 'ms', p95, {
      targets: [atMost(Math.round(frameMs), 'ms', p95)]
    }),
    plainRow(`${what}: work for a picture while dragging, worst`, 'ms', quantile(frames, 1))
  ]
}

/** Drags the cursor to and fro, one move a picture, and tells what each took: script, style and layout. */
async function drag(tab: Page): Promise<number[]> {
  await tab.locator('.plot').first().hover()
  return tab.evaluate<number[]>(`new Promise((resolve) => {
    const plot = document.querySelector('.plot')
    const box = plot.getBoundingClientRect()
    const send = (type, part) => plot.dispatchEvent(new PointerEvent(type, {
      bubbles: true, pointerId: 1, button: type === 'pointermove' ? -1 : 0, buttons: 1,
      clientX: box.left + box.width * part, clientY: box.top + 60
    }))
    plot.setPointerCapture = () => {}
    send('pointerdown', 0.1)
    const times = []
    // The page moves its cursor in the next frame: between two callbacks of ours, the second of which also
    // waits for style and layout.
    const next = (n) => {
      let start = 0
      requestAnimationFrame(() => { start = performance.now() })
      send('pointermove', 0.5 + 0.4 * Math.sin(n / 20))
      requestAnimationFrame(() => {
        document.body.getBoundingClientRect()
        times.push(performance.now() - start)
        if (n < 240) setTimeout(() => next(n + 1))
        else resolve(times)
      })
    }
    next(0)
  })`)
}
