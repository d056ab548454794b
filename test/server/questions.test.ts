import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { klplog } from '../cli/command-line.ts'
import { type contract, parseAnswer } from '../cli/contract.ts'
import { recordedService, type TestService } from './service.ts'

let service: TestService
beforeAll(async () => {
  service = await recordedService('hyb-6f-nop-shadow')
})
afterAll(() => service.dispose())

/** The same question on the command line, with its JSON. */
async function command(line: string): Promise<unknown> {
  const { exitCode, stdout, stderr } = await klplog([...line.split(' '), '-j'], {
    env: { KLPLOG_DB: service.log.path }
  })
  if (exitCode !== 0) throw new Error(`klplog ${line}: ${stderr}`)
  return JSON.parse(stdout) as unknown
}

describe('a question over HTTP is answered as on the command line', () => {
  it.each([
    ['/v1/stack?at=+25', 'stack --at +25'],
    ['/v1/stack?at=%2B25', 'stack --at +25'],
    ['/v1/stack?at=@161', 'stack --at @161'],
    ['/v1/stack', 'stack'],
    ['/v1/hooks?at=@161', 'hooks --at @161'],
    ['/v1/gaps', 'gaps'],
    ['/v1/gaps?task=226&hook=ov', 'gaps --task 226 --hook ov'],
    ['/v1/gaps?hook=nix', 'gaps --hook nix'],
    [
      '/v1/runs?function=__x64_sys_getpgrp&task=226&since=+20&until=+33',
      'runs --function __x64_sys_getpgrp --task 226 --since +20 --until +33'
    ],
    ['/v1/runs?function=__x64_sys_getpgrp&at=+25', 'runs --function __x64_sys_getpgrp --at +25'],
    ['/v1/blocking', 'blocking'],
    ['/v1/blocking?patch=nix', 'blocking --patch nix'],
    ['/v1/diff?from=+20&to=+25', 'diff +20 +25'],
    ['/v1/diff?from=boot', 'diff boot'],
    ['/v1/blame?function=__x64_sys_getpgrp&at=+25', 'blame __x64_sys_getpgrp --at +25'],
    ['/v1/events/@98', 'show @98'],
    ['/v1/events/98', 'show 98'],
    ['/v1/streams', 'streams']
  ])('%s', async (path, line) => {
    const answer = await service.ask(path)
    expect(answer).toEqual(await command(line))
    const [name = ''] = line.split(' ')
    expect(() => parseAnswer(name as keyof typeof contract, JSON.stringify(answer))).not.toThrow()
  })

  it.each([
    ['', ''],
    ['type=hook&type=patch.replaced', '--type hook,patch.replaced'],
    ['without=task&patch=lp_hook', '--without task --patch lp_hook'],
    ['function=vmlinux:__x64_sys_getpgrp', '--function vmlinux:__x64_sys_getpgrp'],
    ['module=lp_stuck', '--module lp_stuck'],
    ['hook=ov', '--hook ov'],
    ['task=242', '--task 242'],
    ['since=+20&until=@150', '--since +20 --until @150'],
    ['reverse=true&type=transition', '-r --type transition']
  ])('events, page by page: %s', async (query, options) => {
    const pages: unknown[] = []
    let cursor: number | null = null
    do {
      const at: string = cursor === null ? '' : `&cursor=${cursor}`
      const page: { events: unknown[]; next: number | null } = await service.ask(
        `/v1/events?limit=7&${query}${at}`
      )
      expect(page.events.length).toBeLessThanOrEqual(7)
      pages.push(...page.events)
      cursor = page.next
    } while (cursor !== null)
    expect(pages).toEqual(await command(`log ${options}`.trim()))
  })

  it('events with their evidence are what show shows', async () => {
    const { events } = await service.ask<{ events: unknown[] }>(
      '/v1/events?raw=true&type=patch.enabled&limit=1'
    )
    expect(events).toEqual([await command('show @7')])
  })

  it('the state is the stack, the hooks and the modules', async () => {
    const { hooks, modules, ...stack } = await service.ask<Record<string, unknown>>('/v1/state?at=+25')
    expect(stack).toEqual(await command('stack --at +25'))
    expect(hooks).toEqual(await command('hooks --at +25'))
    expect(modules).toEqual(expect.arrayContaining(['lp_hook', 'lp_nopbase', 'lp_stuck']))
  })
})

describe('what only a service is asked', () => {
  it('spans: what held from when to when', async () => {
    const spans = await service.ask<Record<string, unknown>[]>('/v1/spans?kind=hook')
    expect(spans.map(({ subject, value }) => [subject, (value as { status: string }).status])).toEqual([
      ['ov@lp_hook:lp_hook_getpgrp', 'active'],
      ['ov@lp_hook:lp_hook_getpgrp', 'shadowed'],
      ['ov@lp_hook:lp_hook_getpgrp', 'active']
    ])
    expect(await service.ask('/v1/spans?kind=hook&at=+25')).toEqual([spans[1]])
    expect(await service.ask('/v1/spans?kind=patch&subject=nix')).toEqual([])
  })

  it('a timeline: its head, then the events', async () => {
    const lines = (await (await service.fetch('/v1/timeline')).text()).trimEnd().split('\n')
    const [head, ...pages] = lines.map((line) => JSON.parse(line) as unknown)
    expect(head).toMatchObject({ format: 'klplog-timeline', events: 311, gaps: [{ program: 'ov' }] })
    expect(pages.flat()).toHaveLength(311)
    const rest = (await (await service.fetch('/v1/timeline?after=300')).text()).trimEnd().split('\n')
    expect(rest.slice(1).flatMap((line) => JSON.parse(line) as unknown[])).toHaveLength(11)
  })

  it('an OpenAPI document that names every endpoint', async () => {
    const document = await service.ask<{ openapi: string; paths: Record<string, object> }>('/v1/openapi.json')
    expect(document.openapi).toBe('3.1.0')
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining(['/v1/state', '/v1/events', '/v1/events/{position}', '/v1/live', '/v1/jobs'])
    )
  })
})

const problem = z.looseObject({ type: z.string(), title: z.string(), status: z.int(), detail: z.string() })

describe('what cannot be answered is told', () => {
  it.each([
    ['/v1/state?at=nix', 400, '"nix" is no time'],
    ['/v1/state?at=@9999', 400, 'there is no event @9999'],
    ['/v1/state?at=2026-11-20', 400, 'needs the wall time'],
    ['/v1/state?stream=nix', 400, 'no stream fits stream nix'],
    ['/v1/state?att=1', 400, 'Unrecognized key: "att"'],
    ['/v1/events?type=nix', 400, 'there is no event type "nix"'],
    ['/v1/events?limit=many', 400, 'limit: is no whole number'],
    ['/v1/gaps?at=+1&since=+2', 400, 'at is one moment, since and until are a range'],
    ['/v1/gaps?since=+3&until=+2', 400, 'since +3 is later than until +2'],
    ['/v1/runs', 400, 'function: '],
    ['/v1/events/312', 404, 'there is no event @312'],
    ['/v1/events/nix', 400, 'position: is no position'],
    ['/v1/nix', 404, 'there is nothing at /v1/nix'],
    ['/', 404, 'there is nothing at /']
  ])('%s', async (path, status, detail) => {
    const response = await service.fetch(path)
    expect(response.status).toBe(status)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    const told = problem.parse(await response.json())
    expect(told.status).toBe(status)
    expect(told.detail).toContain(detail)
    expect(told.hint).toEqual(expect.any(String))
  })
})
