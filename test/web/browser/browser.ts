import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import axe from 'axe-core'
import { type BrowserContext, chromium, type Page } from 'playwright-core'

/** Debian's Chromium. */
const executablePath = '/usr/bin/chromium'

/** Whether there is a browser; where there is none, a line says that its tests do not run. */
export const hasBrowser = existsSync(executablePath)
if (!hasBrowser)
  console.warn(`There is no ${executablePath}: the tests of the page in a browser are left out.`)

/** A browser of its own, with an empty profile; closed with all that it left behind. */
export interface TestBrowser {
  readonly context: BrowserContext
  /** Requests to anywhere but the page's own server, and errors of the page: there should be none. */
  readonly complaints: string[]
  open(url: string): Promise<Page>
  close(): Promise<void>
}

export async function openBrowser(): Promise<TestBrowser> {
  const profile = mkdtempSync(join(tmpdir(), 'klplog-chromium-'))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    viewport: { width: 1280, height: 900 },
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync'
    ]
  })
  const complaints: string[] = []
  const watch = (page: Page, own: string) => {
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
    page.on('request', (request) => {
      if (!request.url().startsWith(own)) complaints.push(`asked for ${request.url()}`)
    })
  }
  return {
    context,
    complaints,
    open: async (url) => {
      const page = await context.newPage()
      watch(page, url.startsWith('file:') ? 'file:' : new URL(url).origin)
      await page.goto(url)
      await page.getByText(/^Linux .* \d+ events$/).waitFor()
      return page
    },
    close: async () => {
      await context.close()
      rmSync(profile, { recursive: true, force: true })
    }
  }
}

/** The moment on the timeline, as a screen reader hears it. */
export function slider(page: Page) {
  return page.getByRole('slider', { name: 'Moment on the timeline' })
}

/** The position of the event at the cursor. */
export async function positionOn(page: Page): Promise<number> {
  const text = await page.locator('.event .position').textContent()
  return Number(text?.slice(1))
}

/** Drags from one part of the timeline's width to another. */
export async function drag(page: Page, from: number, to: number, steps = 8): Promise<void> {
  const box = await slider(page).boundingBox()
  if (box === null) throw new Error('the timeline is not there')
  const y = box.y + box.height / 2
  await page.mouse.move(box.x + box.width * from, y)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width * to, y, { steps })
  await page.mouse.up()
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string
    readonly nodes: readonly { readonly html: string }[]
  }[]
}

/** What stands in the way of people with other senses or hands. */
export async function barriers(page: Page): Promise<string[]> {
  // The page's own policy lets no other script in, so that of the audit comes by the debugger's way.
  await page.evaluate(axe.source)
  const result = await page.evaluate<AxeResult>('axe.run()')
  return result.violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
}
