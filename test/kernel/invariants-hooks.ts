import { eachOperation, eachPair, eachRest, everywhere, type Invariant } from './invariants-support.ts'

/** E.5: ftrace and hooks. */
export const hookInvariants: readonly Invariant[] = [
  {
    id: 'K1',
    says: 'A function has one user of IPMODIFY: livepatch, or an armed kprobe with a post_handler.',
    holds: everywhere,
    broken: (trail) => {
      let armed: string | null = null
      return eachOperation(trail, (before, { operation, ret, state }) => {
        const module = operation !== null && 'module' in operation ? operation.module : ''
        const kprobe = trail.world.modules.get(module)?.kprobe
        const key = `vmlinux:${kprobe?.function},1`
        if (kprobe != null && ret === 0 && operation?.op === 'insmod')
          armed = before.state.stacks.has(key) ? null : key
        if (kprobe != null && ret === 0 && operation?.op === 'rmmod') armed = null
        return armed !== null && state.stacks.has(armed) ? `${armed} has both` : null
      })
    }
  },
  {
    id: 'K2',
    says: 'While a function is livepatched ftrace is on.',
    holds: everywhere,
    broken: (trail) =>
      eachRest(trail, ({ state }) =>
        state.stacks.size > 0 && state.settings.get('kernel.ftrace_enabled') === '0' ? 'ftrace is off' : null
      )
  },
  {
    id: 'K5',
    says: 'A hook keeps its address, and is gone as soon as the module is that it is in.',
    holds: everywhere,
    broken: (trail) =>
      eachPair(trail, (before, { fact, state }) => {
        for (const hook of state.hooks) {
          const was = before.state.hooks.find((one) => one.key === hook.key)
          if (was !== undefined && was.address !== hook.address) return `${hook.program} moved`
          if (was !== undefined && was.goneNs !== null && hook.goneNs === null)
            return `${hook.program} revived`
          if (fact !== null || hook.goneNs !== null || hook.module === null) continue
          if (!state.modules.has(hook.module)) return `${hook.program} is on unmapped text`
        }
        return null
      })
  },
  {
    id: 'K7',
    says: 'An override is accepted only on the error-injection list, and in hybrid on any livepatch module.',
    holds: everywhere,
    broken: (trail) =>
      eachPair(trail, (before, { fact }) => {
        if (fact?.type !== 'hook.attached' || fact.data.overrides !== true) return null
        const { module, function: name, program, kind } = fact.data
        if (module === null) return trail.world.isErrorInjectable(name ?? '') ? null : `${program} on ${name}`
        const isListed = trail.world.modules.get(module)?.errorInjectable.includes(name ?? '') === true
        const isLivepatch = before.state.modules.get(module)?.livepatch === true && kind === 'kprobe'
        const isAllowed = isListed || (isLivepatch && trail.world.rules.name === 'hybrid')
        return isAllowed ? null : `${program} on ${module}:${name}`
      })
  }
]
