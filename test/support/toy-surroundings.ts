import type { ToyHook, ToyKernel } from './toy-kernel.ts'

/** What surrounds livepatches in the toy kernel: target modules, probes, tasks, and who looks at it all. */

const originals = ['f0', 'f1', 'f2', 'f3'].map((name) => ({ name, key: `vmlinux:${name},1` }))

/** Functions of the target module that patches may change. */
export const targetFunctions = ['g0', 'g1']

/** A target module comes or goes: B.14. Links that pin it keep it. */
export function toggleTarget(toy: ToyKernel, name: string): void {
  const onList = toy.patches.filter((patch) => !patch.offList)
  if (!toy.modules.has(name)) {
    const functions = targetFunctions.map((func) => ({ name: func, key: `${name}:${func},1` }))
    toy.modules.set(name, { functions, livepatch: false, pinned: false })
    toy.tell('module.loaded', { module: name, livepatch: false, actor: null })
    for (const patch of onList) {
      for (const own of patch.objects) if (own.name === name) toy.patchObject(patch, own)
    }
    return
  }
  if (isPinned(toy, name)) return
  toy.tell('module.going', { module: name, actor: null })
  for (const patch of onList) {
    for (const own of patch.objects) {
      if (own.name !== name) continue
      toy.unpatchFuncs(own, () => true)
      own.patched = false
      toy.tell('object.unpatched', { patch: patch.name, object: name, nopsOnly: false, functions: null })
    }
  }
  unload(toy, name)
}

/** rmmod of a livepatch whose free work is done. */
export function removeModule(toy: ToyKernel, name: string): void {
  if (toy.modules.get(name)?.livepatch !== true || isPinned(toy, name)) return
  if (toy.patches.some((patch) => patch.name === name)) return
  toy.tell('module.going', { module: name, actor: null })
  unload(toy, name)
}

/** kill_kprobe() for each probe in it, then the memory. */
function unload(toy: ToyKernel, name: string): void {
  const alive = toy.hooks.filter((hook) => hook.module === name && !hook.gone)
  for (const address of new Set(alive.map((hook) => hook.address))) {
    for (const hook of alive) hook.gone ||= hook.address === address
    toy.kprobesChanged()
    toy.tell('hook.killed', { address, symbol: null })
  }
  toy.modules.delete(name)
  toy.tell('module.unloaded', { module: name, reason: 'removed' })
}

/** A forced transition pins, and so does every link that is not a kprobe's: C.3. */
function isPinned(toy: ToyKernel, name: string): boolean {
  const linked = toy.hooks.some((hook) => hook.module === name && hook.kind !== 'kprobe')
  return linked || toy.modules.get(name)?.pinned === true
}

/** A program is attached to the n-th function that there is. */
export function attach(toy: ToyKernel, nth: number, kindNth: number, programId: number): void {
  if (toy.hooks.length >= 5) return
  const places = [
    ...originals.map((one) => ({ ...one, module: null })),
    ...[...toy.modules].flatMap(([module, { functions }]) => functions.map((one) => ({ ...one, module })))
  ]
  const place = places[nth % places.length]
  if (place === undefined) return
  const kind = (['kprobe', 'kprobe', 'kprobe_multi', 'fentry'] as const)[kindNth % 4] ?? 'kprobe'
  const hook: ToyHook = {
    program: `prog${programId % 3}`,
    programId,
    linkId: kindNth % 4 === 0 ? null : programId + 1000,
    kind,
    module: place.module,
    function: place.name,
    address: `${place.module ?? 'vmlinux'}+${place.name}`,
    overrides: kindNth >= 4,
    key: place.key,
    gone: false
  }
  toy.hooks.push(hook)
  toy.kprobesChanged()
  const { gone: _gone, key: _key, ...data } = hook
  toy.tell('hook.attached', { ...data, overrideValue: null, filter: null, actor: null })
}

export function detach(toy: ToyKernel, nth: number): void {
  const hook = toy.hooks[nth % toy.hooks.length]
  if (hook === undefined) return
  toy.hooks = toy.hooks.filter((one) => one !== hook)
  toy.kprobesChanged()
  const { program, programId, linkId } = hook
  toy.tell('hook.detached', { program, programId, linkId, actor: null })
}

/** copy_process(): the child has its parent's patch state. */
export function fork(toy: ToyKernel, pid: number, nth: number): void {
  const parents = toy.tasks.filter((task) => task.pid !== 0)
  const parent = parents[nth % parents.length]
  if (parent === undefined || toy.tasks.length >= 9) return
  const child = { ...parent, pid, comm: `child-${pid}` }
  toy.tasks.push(child)
  toy.tell('task.started', { pid, comm: child.comm, parent: parent.pid })
}

export function exit(toy: ToyKernel, nth: number): void {
  const mortal = toy.tasks.filter(({ pid }) => pid > 1)
  const task = mortal[nth % mortal.length]
  if (task === undefined) return
  toy.tasks = toy.tasks.filter((one) => one !== task)
  toy.tell('task.exited', { pid: task.pid, comm: task.comm })
}

/** A snapshot of all that can be seen, read for `readNs`. Whatever waits to be freed is freed before. */
export function observe(toy: ToyKernel, readNs: bigint): void {
  toy.ns += readNs
  toy.tell('host.observed', {
    fromNs: String(toy.ns - readNs),
    label: null,
    patches: toy.patches.map((patch, n) => ({
      name: patch.name,
      enabled: patch.enabled,
      transition: toy.transition?.patch === patch,
      replace: toy.policy === 'replace-set' ? null : patch.replace,
      replaceable: toy.policy === 'hybrid' ? patch.replaceable : null,
      replaceSet: toy.policy === 'replace-set' ? patch.set : null,
      stackOrder: toy.policy === 'hybrid' ? n + 1 : null,
      objects: patch.objects.map(({ name, patched, funcs }) => ({
        name,
        patched,
        functions: funcs.map(({ key }) => ({
          name: key.slice(key.indexOf(':') + 1, -2),
          sympos: 1,
          newName: null
        }))
      }))
    })),
    modules: [...toy.modules.keys()].map((name) => ({ name, refs: 0, state: 'Live' })),
    kprobes: toy.hooks
      .filter((hook) => hook.kind === 'kprobe')
      .map(({ address, function: symbol, module, gone }) => ({ address, symbol, module, gone })),
    hooks: toy.hooks.map(({ program, programId, linkId, kind, module, function: name, address }) => ({
      program,
      programId,
      linkId,
      kind,
      module,
      function: name,
      address
    })),
    hooksComplete: true
  })
}
