import type { Observation, SysfsDirectory } from '../observation.ts'
import { hookKindOf } from './attach-intent.ts'
import { newTransition } from './enable.ts'
import type { Knowledge } from './knowledge.ts'

type Snapshot = Extract<Observation, { kind: 'snapshot' }>

/**
 * Behind a loss nobody knows what was told and what was not: a snapshot shows how things stand, and what follows is
 * told from there. The same snapshot says so to the projections.
 */
export function relearn(k: Knowledge, seen: Snapshot): void {
  if (seen.patches !== null) relearnPatches(k, seen.patches)
  if (seen.modules !== null) {
    k.modules.clear()
    for (const { name } of seen.modules) k.modules.add(name)
  }
  if (seen.links !== null) relearnHooks(k, seen.links, seen.programs !== null)
}

function relearnPatches(k: Knowledge, seen: readonly SysfsDirectory[]): void {
  const names = new Set(seen.map(({ name }) => name))
  const known = k.list.filter((name) => names.has(name))
  const unknown = seen.map(({ name }) => name).filter((name) => !known.includes(name))
  const order = new Map(seen.map(({ name, stackOrder }) => [name, stackOrder ?? 0]))
  k.list.splice(0, k.list.length, ...known, ...unknown)
  if (seen.every(({ stackOrder }) => stackOrder !== null))
    k.list.sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0))
  for (const name of k.replaced) if (!names.has(name)) k.replaced.delete(name)
  k.toFree.splice(0, k.toFree.length, ...k.toFree.filter((name) => names.has(name)))
  k.replacing = null
  k.patchedObjects.relearn(seen)
  const moving = seen.find(({ transition }) => transition)
  if (moving === undefined) {
    k.transition = null
    return
  }
  const goal = moving.enabled ? 'patched' : 'unpatched'
  if (k.transition?.patch === moving.name && k.transition.goal === goal) return
  k.transition = { ...newTransition(moving.name, goal), started: true, tried: true }
}

function relearnHooks(k: Knowledge, links: NonNullable<Snapshot['links']>, complete: boolean): void {
  const listed = links.map((link) => ({
    program: k.programNames.get(link.programId) ?? `prog-id ${link.programId}`,
    programId: link.programId,
    linkId: link.id,
    kind: hookKindOf(link.attachKind),
    address: link.address
  }))
  const linkIds = new Set(listed.map(({ linkId }) => linkId))
  if (complete) {
    const left = k.attached.filter(({ linkId }) => linkId === null || linkIds.has(linkId))
    k.attached.splice(0, k.attached.length, ...left)
  }
  for (const { program, programId, linkId, kind, address } of listed) {
    if (kind === null || k.attached.some((hook) => isSame(hook, { program, programId, linkId }))) continue
    k.attached.push({ program, programId, linkId, kind, address })
  }
}

interface Attachment {
  readonly program: string
  readonly programId: number | null
  readonly linkId: number | null
}

function isSame(hook: Attachment, other: Attachment): boolean {
  if (hook.linkId !== null && other.linkId !== null) return hook.linkId === other.linkId
  if (hook.programId !== null && other.programId !== null) return hook.programId === other.programId
  return hook.program === other.program
}
