import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { buildPage } from '../../../web/build/build-page.ts'
import { klplog, temporaryDirectory } from '../../cli/command-line.ts'
import { drag, hasBrowser, openBrowser, positionOn, slider, type TestBrowser } from './browser.ts'

const directory = temporaryDirectory()
let url = ''
let browser: TestBrowser
let page: Page

/** A report of the recording whose story is told below. */
async function writeReport(): Promise<string> {
  await buildPage('dist/web/page.html')
  const db = join(directory.path, 'log.db')
  const html = join(directory.path, 'report.html')
  const recording = 'test/recordings/hyb-6f-nop-shadow'
  await klplog(['ingest', recording, 'test/recordings/modules.json', '--db', db])
  const { exitCode, stderr } = await klplog(['report', '--html', html, '--db', db])
  expect(stderr).toContain('311 events')
  expect(exitCode).toBe(0)
  return pathToFileURL(html).href
}

const openAt = async (hash: string) => {
  await page?.close()
  page = await browser.open(`${url}#${hash}`)
}

const selectedRow = () =>
  page.getByRole('listbox', { name: 'Events' }).getByRole('option', { selected: true })
const distance = () => page.locator('.distance').textContent()

describe.runIf(hasBrowser)('a report in a browser', () => {
  beforeAll(async () => {
    url = await writeReport()
    browser = await openBrowser()
  })
  afterEach(() => expect(browser.complaints).toEqual([]))
  afterAll(async () => {
    await browser?.close()
    directory.remove()
  })

  it('tells the story of the nop over the hook to who has never seen it, in three steps', async () => {
    // Step 1: open it. The page says what to look at, and stands there already.
    await openAt('')
    const finding = page.getByRole('button', { name: /^gap .* ov on lp_hook_getpgrp was not reached/ })
    expect(await finding.textContent()).toContain('a nop of lp_stuck lies over lp_hook')
    expect(await finding.textContent()).toContain('9542.504 ms')
    const stack = page.getByRole('list', { name: 'Stack of vmlinux:__x64_sys_getpgrp, the top first' })
    expect(await stack.getByRole('listitem').allTextContents()).toEqual([
      'nop of lp_stuck',
      'lp_hookhook ov◂ unswitched tasks',
      'lp_nopbase',
      'original function◂ switched tasks'
    ])
    expect(await page.locator('.hooks').textContent()).toContain('shadowed reached by unswitched tasks only')

    // Step 2: what put the nop there? The lane of the function leads to where it changed before.
    const lane = page.getByRole('button', { name: /^func __x64_sys_getpgrp/ })
    await lane.click({ modifiers: ['Shift'] })
    expect(await page.locator('.event .sentence').textContent()).toContain(
      "'lp_stuck' is on top of the stacks"
    )
    expect(await page.locator('.event').textContent()).toContain('labctl-245')
    expect(await page.locator('.change-lines').textContent()).toContain(
      'lp_hook > lp_nopbase → nop(lp_stuck) > lp_hook > lp_nopbase'
    )

    // Step 3: show a colleague. The address has the moment.
    await page.getByRole('button', { name: 'Copy link' }).click()
    const link = page.url()
    expect(link).toContain('at=@107')
    await openAt(link.slice(link.indexOf('#') + 1))
    expect(await positionOn(page)).toBe(107)
  })

  it('has a cursor to drag, and list, state and lanes follow', async () => {
    await openAt('at=@100')
    await drag(page, 0.1, 0.45)
    await expect.poll(() => positionOn(page)).toBeGreaterThan(107)
    await expect
      .poll(async () => (await selectedRow().textContent())?.includes(`@${await positionOn(page)}`))
      .toBe(true)
    expect(await slider(page).getAttribute('aria-valuetext')).toMatch(/^\+2\d\.\d{6}, event @\d+ /)
    expect(await page.locator('.state').textContent()).toContain('nop of lp_stuck')
    expect(await page.getByRole('button', { name: /^patch lp_stuck enabling, \d+ of 40/ }).count()).toBe(1)
  })

  it('steps by keys: arrows, Shift, Home, End, j and k', async () => {
    await openAt('at=@100')
    const after: [string, number][] = [
      ['ArrowRight', 101],
      ['ArrowLeft', 100],
      ['j', 101],
      ['k', 100],
      ['Shift+ArrowRight', 110],
      ['Shift+ArrowLeft', 100],
      ['Home', 1],
      ['End', 311],
      ['p', 180]
    ]
    await slider(page).focus()
    for (const [key, position] of after) {
      await page.keyboard.press(key)
      expect(await positionOn(page)).toBe(position)
    }
    expect(await page.locator('[aria-live=polite]').textContent()).toContain(
      "the nops of 'lp_stuck' are discarded"
    )
  })

  it('zooms and moves its window: keys, wheel, buttons, and a drag with Shift', async () => {
    await openAt('at=@111')
    const fromTo = () => {
      const params = new URLSearchParams(page.url().split('#')[1])
      return [Number(params.get('from')), Number(params.get('to'))] as const
    }
    const length = () => fromTo()[1] - fromTo()[0]
    const isWhole = () => !page.url().includes('from=')
    await expect.poll(isWhole).toBe(true)
    await page.keyboard.press('+')
    await expect.poll(length).toBeGreaterThan(0)
    const once = length()
    await page.getByRole('button', { name: 'Zoom in' }).click()
    await expect.poll(() => length() / once).toBeCloseTo(0.5, 2)
    await slider(page).hover()
    await page.keyboard.down('Control')
    await page.mouse.wheel(0, -200)
    await page.keyboard.up('Control')
    await expect.poll(() => length() / once).toBeLessThan(0.49)
    const before = fromTo()[0]
    await page.keyboard.down('Shift')
    await drag(page, 0.5, 0.2)
    await page.keyboard.up('Shift')
    await expect.poll(() => fromTo()[0]).toBeGreaterThan(before)
    expect(await positionOn(page)).toBe(111)
    await page.keyboard.press('0')
    await expect.poll(isWhole).toBe(true)
  })

  it('has two markers and tells the distance between them', async () => {
    await openAt('at=@107')
    expect(await distance()).toBe('no marker set')
    await page.keyboard.press('a')
    await page.getByRole('button', { name: 'Next event' }).click()
    expect(await distance()).toContain('A at +21.288243, cursor 17.936 ms from it')
    await page.getByRole('button', { name: 'Marker B at the cursor' }).click()
    await page.keyboard.press('Home')
    expect(await distance()).toBe('A to B: 17.936 ms')
    await expect.poll(() => page.url()).toContain('a=107&b=108')
  })

  it('lists events that lead the timeline, filtered and searched', async () => {
    await openAt('at=@111')
    await page.getByRole('option', { name: /@109/ }).click()
    expect(await slider(page).getAttribute('aria-valuenow')).toBe('109')
    await page.getByRole('checkbox', { name: 'tasks' }).uncheck()
    await page.getByRole('searchbox', { name: 'Search events' }).fill('lp_stuck replaced')
    expect(await page.locator('.count').textContent()).toMatch(/^\d of 311 events$/)
    await page.getByRole('option', { name: /patch\.replaced/ }).click()
    expect(await page.locator('.event .sentence').textContent()).toContain("'lp_stuck' replaced 'lp_nopbase'")
    expect(await page.locator('.event pre').first().textContent()).toContain('klp_unpatch')
    await expect.poll(() => page.url()).toContain('hide=tasks')
    const link = page.url()
    await openAt(link.slice(link.indexOf('#') + 1))
    expect(await page.getByRole('searchbox').inputValue()).toBe('lp_stuck replaced')
    expect(await page.getByRole('checkbox', { name: 'tasks' }).isChecked()).toBe(false)
  })

  it('tells exact times where the pointer or the focus is', async () => {
    await openAt('at=@111')
    await page.getByRole('button', { name: /^hook ov / }).focus()
    expect(await page.locator('.tip').textContent()).toMatch(
      /shadowed, reached by unswitched tasks only\+21\.\d{6} to \+30\.\d{6}, 95\d\d\.\d{3} ms/
    )
    // The row of lp_hook, where it is enabled.
    await slider(page).hover({ position: { x: 300, y: 75 } })
    expect(await page.locator('.tip').textContent()).toMatch(
      /^patch lp_hookenabled\+18\.\d{6} to \+3\d\.\d{6}/
    )
  })

  it('shows two histories one above the other, and where they part', async () => {
    const db = join(directory.path, 'log.db')
    const html = join(directory.path, 'two.html')
    const other = ['test/recordings/hyb-6a-conflict', 'test/recordings/modules.json']
    await klplog(['ingest', ...other, '--db', db])
    const { exitCode } = await klplog([
      'report',
      '--html',
      html,
      '--stream',
      'hyb-6f',
      '--beside',
      'hyb-6a',
      '--db',
      db
    ])
    expect(exitCode).toBe(0)
    await page.close()
    page = await browser.open(pathToFileURL(html).href)
    const below = page.getByRole('slider', { name: 'Moment on the other timeline' })
    await page.getByRole('button', { name: /^They part at \+\d+\.\d{6}/ }).click()
    const moment = async (of: typeof below) => (await of.getAttribute('aria-valuetext'))?.split(',')[0]
    expect(await moment(below)).toBe(await moment(slider(page)))
    // The cursor of the one is the cursor of both.
    await page.keyboard.press('End')
    await expect.poll(() => moment(below)).toBe('+40.021308')
  })

  it('needs nothing but itself', () => {
    const text = readFileSync(new URL(url), 'utf8')
    expect(text).not.toMatch(/(src|href)="(?!#)/)
    expect(text).toContain("default-src 'none'")
  })
})
