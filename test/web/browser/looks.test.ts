import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildPage } from '../../../web/build/build-page.ts'
import { klplog, temporaryDirectory } from '../../cli/command-line.ts'
import { barriers, hasBrowser, openBrowser, slider, type TestBrowser } from './browser.ts'

const directory = temporaryDirectory()
let url = ''
let browser: TestBrowser

const widths = [
  [1280, 900],
  [390, 844]
] as const
const schemes = ['light', 'dark'] as const
const looks = widths.flatMap(([width, height]) => schemes.map((scheme) => ({ width, height, scheme })))

describe.runIf(hasBrowser)('the page', () => {
  beforeAll(async () => {
    await buildPage('dist/web/page.html')
    const db = join(directory.path, 'log.db')
    const html = join(directory.path, 'report.html')
    await klplog([
      'ingest',
      'test/recordings/up-4a-embed-kprobe',
      'test/recordings/modules.json',
      '--policy',
      'mainline',
      '--db',
      db
    ])
    await klplog(['report', '--html', html, '--db', db])
    url = pathToFileURL(html).href
    browser = await openBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    directory.remove()
  })

  it.each(looks)('is accessible and fits at $width, $scheme', async ({ width, height, scheme }) => {
    const page = await browser.open(`${url}#at=@441&a=389`)
    await page.setViewportSize({ width, height })
    await page.emulateMedia({ colorScheme: scheme })
    await page.getByText('Keys', { exact: true }).click()
    await page.getByRole('button', { name: /^hook ov1 / }).focus()
    await page.waitForTimeout(300)
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
    expect(await barriers(page)).toEqual([])
    await page.close()
  })

  it('takes the theme of the system, or the one that is chosen', async () => {
    const page = await browser.open(url)
    const background = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor')
    const pixel = () =>
      page.evaluate<string>(
        "document.querySelector('.plot canvas').getContext('2d').getImageData(2, 2, 1, 1).data.join()"
      )
    await page.emulateMedia({ colorScheme: 'light' })
    const light = [await background(), await pixel()]
    await page.emulateMedia({ colorScheme: 'dark' })
    await expect.poll(pixel).not.toBe(light[1])
    const dark = [await background(), await pixel()]
    expect(dark[0]).not.toBe(light[0])
    await page.getByLabel('theme').selectOption('light')
    await expect.poll(pixel).toBe(light[1])
    expect(await background()).toBe(light[0])
    await page.close()
  })

  it('is used without a mouse: every control has the focus in turn, and shows it', async () => {
    const page = await browser.open(url)
    const focused = new Set<string>()
    for (let n = 0; n < 60; n++) {
      await page.keyboard.press('Tab')
      const at = await page.evaluate<string>(
        `(() => {
          const element = document.activeElement
          if (element === document.body) return ''
          const { outlineStyle, outlineWidth } = getComputedStyle(element)
          const name = element.getAttribute('aria-label') ?? element.textContent.slice(0, 40)
          return outlineStyle === 'none' || outlineWidth === '0px' ? 'NO OUTLINE ' + name : name
        })()`
      )
      if (at !== '') focused.add(at)
    }
    expect([...focused].filter((name) => name.startsWith('NO OUTLINE'))).toEqual([])
    for (const name of [
      'Moment on the timeline',
      'Zoom in',
      'Marker A at the cursor',
      'Events',
      'Raw evidence'
    ]) {
      expect(focused).toContain(name)
    }
    expect(await slider(page).getAttribute('aria-valuemax')).toBe('423')
    await page.close()
  })
})
