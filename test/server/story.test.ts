import { afterAll, beforeAll, expect, it } from 'vitest'
import { recordedService, type TestService } from './service.ts'

let service: TestService
beforeAll(async () => {
  service = await recordedService('hyb-6f-nop-shadow')
})
afterAll(() => service.dispose())

/*
 * The story of hyb-6f, by somebody who knows nothing but the OpenAPI document: a hook is lost to the nop of a
 * patch that has nothing to do with it. Each request is made of what the one before answered.
 */
it('the lost hook is found and understood in three requests', async () => {
  let requests = 0
  const ask = <T>(path: string): Promise<T> => {
    requests += 1
    return service.ask<T>(path)
  }

  // 1. Which hook was lost, from when to when, and why?
  type Gap = { program: string; function: string; fromNs: string; toNs: string; reason: string }
  const gaps = await ask<Gap[]>('/v1/gaps')
  expect(gaps).toHaveLength(1)
  const [gap] = gaps as [Gap]
  expect(gap).toMatchObject({
    program: 'ov',
    function: 'lp_hook_getpgrp',
    fromNs: '21306633000',
    toNs: '30849137000',
    reason: 'a nop of lp_stuck lies over lp_hook: calls run the original function'
  })

  // 2. Who was it? The event with which the hook's status changed, and the one that enabled the patch.
  type Blame = { function: string; patch: string; nop: boolean; enabledPosition: number; actor: object }
  const state = await ask<{ functions: { function: string; stack: { patch: string; nop: boolean }[] }[] }>(
    `/v1/state?at=${encodeURIComponent(`+${gap.fromNs}ns`)}`
  )
  const shadowed = state.functions.find(({ stack }) => stack[0]?.nop === true)
  expect(shadowed?.function).toBe('vmlinux:__x64_sys_getpgrp,1')

  // 3. Who put that nop on top, and with which command?
  const [top] = await ask<Blame[]>(
    `/v1/blame?function=${encodeURIComponent(shadowed?.function ?? '')}&at=${encodeURIComponent(`+${gap.fromNs}ns`)}`
  )
  expect(top).toMatchObject({
    patch: 'lp_stuck',
    nop: true,
    enabledPosition: 106,
    actor: { comm: 'labctl', pid: 245, command: 'insmod lp_stuck' }
  })
  expect(requests).toBe(3)
})

it('why it took so long is one request more', async () => {
  expect(await service.ask('/v1/blocking?patch=lp_stuck')).toMatchObject([
    { pid: 242, comm: 'labctl', reason: 'sleeping', function: 'lp_target_busy', tries: 9 }
  ])
})
