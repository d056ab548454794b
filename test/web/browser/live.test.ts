import { join } from 'node:path'
import { Writable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type NewEvent, openSqliteLog, type SqliteLog } from '../../../src/events/index.ts'
import { projections } from '../../../src/projections/index.ts'
import { type RunningService, startService } from '../../../src/server/index.ts'
import { buildPage } from '../../../web/build/build-page.ts'
import { temporaryDirectory } from '../../cli/command-line.ts'
import { ingestRecording, recordings } from '../../support/recordings.ts'
import { barriers, hasBrowser, openBrowser, positionOn, type TestBrowser } from './browser.ts'

const directory = temporaryDirectory()
const databasePath = join(directory.path, 'log.db')
const stream = 'host/boot'
let log: SqliteLog
let service: RunningService
let browser: TestBrowser
let events: NewEvent[] = []

describe.runIf(hasBrowser)('the page of a service', () => {
  beforeAll(async () => {
    const pagePath = 'dist/web/page.html'
    await buildPage(pagePath)
    const recording = recordings().find(({ name }) => name.startsWith('hyb-6f'))
    if (recording === undefined) throw new Error('the recording hyb-6f is missing')
    const recorded = await ingestRecording(recording, () => true)
    for await (const page of recorded.log.read({})) events = [...events, ...page]
    await recorded.log.dispose()
    log = await openSqliteLog({ path: databasePath, readModels: [projections] })
    await log.append(stream, 'no-stream', events.slice(0, 106))
    service = await startService({
      log,
      databasePath,
      pagePath,
      host: '127.0.0.1',
      port: 0,
      tokenFile: null,
      logLevel: 'error',
      stderr: new Writable({ write: (_, __, done) => done() }),
      now: () => 0n
    })
    browser = await openBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await service?.stop()
    await log?.close()
    directory.remove()
  })

  it('follows the log: what is appended shows at once, with its lanes and gaps', async () => {
    const page = await browser.open(service.url)
    expect(await positionOn(page)).toBe(106)
    expect(await page.getByRole('button', { name: /^gap/ }).count()).toBe(0)
    await log.append(stream, 106, events.slice(106, 150))
    await expect.poll(() => positionOn(page), { timeout: 20_000 }).toBe(150)
    await page.getByRole('button', { name: /^gap .* ov on lp_hook_getpgrp was not reached/ }).click()
    expect(await positionOn(page)).toBe(111)
    // Who looks at something is not taken away from it.
    await log.append(stream, 150, events.slice(150))
    await page.getByText('311 events', { exact: true }).waitFor({ timeout: 20_000 })
    expect(await positionOn(page)).toBe(111)
    await page.getByText('9542.504 ms').waitFor()
    expect(browser.complaints).toEqual([])
    await page.close()
  })

  it('shows beneath what another policy would have come to, and its state', async () => {
    // The replacement is complete: the recorded kernel has kept the hook, a mainline kernel has not.
    const page = await browser.open(`${service.url}#at=@190`)
    const stacks = page.locator('.state .stacks')
    await page.getByLabel('what if').selectOption('mainline')
    const below = page.getByRole('slider', { name: 'Moment on the other timeline' })
    await below.waitFor({ timeout: 60_000 })
    expect(await page.locator('.compared').textContent()).toContain(
      'host/boot under mainline, mainline policy'
    )
    await page.getByRole('button', { name: /^They part at \+\d+\.\d{6}/ }).waitFor()
    expect(await stacks.textContent()).toContain('lp_hook')
    await page.getByLabel('of the history').selectOption('below')
    await expect.poll(() => stacks.textContent()).not.toContain('lp_hook')
    const beneath = await stacks.textContent()
    expect(beneath).toContain('lp_stuck')
    await expect.poll(() => page.url()).toContain('compare=mainline&state=below')
    const link = page.url()
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 900 })
      expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
      expect(await barriers(page)).toEqual([])
    }
    await page.close()

    // The link shows a colleague the same.
    const again = await browser.open(link)
    await again.getByRole('slider', { name: 'Moment on the other timeline' }).waitFor({ timeout: 60_000 })
    await expect.poll(() => again.locator('.state .stacks').textContent()).toBe(beneath)
    await again.getByLabel('what if').selectOption('as recorded')
    await expect.poll(() => again.url()).not.toContain('compare')
    expect(await again.locator('.state .stacks').textContent()).toContain('lp_hook')
    expect(browser.complaints).toEqual([])
    await again.close()
  })
})
