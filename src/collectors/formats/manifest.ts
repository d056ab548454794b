import { z } from 'zod'
import type { EvidenceFormat, PatchManifest, Reading } from '../observation.ts'
import { type HeldLines, lineReading, type Outcome, rejected, unrelated } from './held-lines.ts'
import { type Attempt, checked } from './json-lines.ts'
import { type JsonMember, JsonValues, membersOf, type ValueSink } from './json-values.ts'

/**
 * What livepatch modules are made of, written by whoever built them: a JSON object from module name to
 * `{livepatch, replace, replaceable, replace_set?, objects: [{name, functions: [{old, new, sympos?}]}],
 * states}`, or a single such object with its `name` inside. An object's name null is vmlinux; sympos counts
 * from 1, and 0, which the kernel takes for the first as well, becomes 1. Keys that begin with `_` are
 * comments; a module without `objects` is an ordinary one. The kernel side is struct klp_patch.
 */
export const manifest: EvidenceFormat = {
  name: 'manifest',
  description: 'JSON manifest of livepatch modules: what each of them patches',
  recognise: (head) => {
    const text = head.join('\n')
    if (!/^\s*\{/.test(text) || !/"objects"\s*:/.test(text)) return 0
    return /"functions"\s*:/.test(text) && /"old"\s*:/.test(text) ? 0.9 : 0.3
  },
  open: () => new JsonValues(manifestSink)
}

const func = z.object({
  old: z.string().min(1),
  new: z.string().nullish(),
  sympos: z.int().nonnegative().nullish()
})

const patch = z.object({
  livepatch: z.boolean().nullish(),
  replace: z.boolean().nullish(),
  replaceable: z.boolean().nullish(),
  replace_set: z.int().nonnegative().nullish(),
  objects: z.array(z.object({ name: z.string().min(1).nullish(), functions: z.array(func) })),
  states: z.array(z.object({ id: z.int().nonnegative(), version: z.int().nonnegative() })).nullish()
})

const single = patch.extend({ name: z.string().min(1) })

function patchOf(name: string, entry: z.infer<typeof patch>): PatchManifest {
  return {
    name,
    livepatch: entry.livepatch ?? true,
    replace: entry.replace ?? null,
    replaceable: entry.replaceable ?? null,
    replaceSet: entry.replace_set ?? null,
    objects: entry.objects.map((object) => ({
      name: object.name ?? 'vmlinux',
      functions: object.functions.map((each) => ({
        name: each.old,
        sympos: each.sympos || 1,
        newName: each.new ?? null
      }))
    })),
    states: (entry.states ?? []).map(({ id, version }) => ({ id, version }))
  }
}

const manifestSink: ValueSink = {
  outside: (raw, line, latin1) => [
    lineReading(raw, line, latin1, raw.trim() === '' ? unrelated : rejected('not part of a JSON object'))
  ],
  value: (held, parsed) => readingsOf(held, parsed),
  end: () => []
}

function readingsOf(held: HeldLines, parsed: Attempt<unknown>): Reading[] {
  const members = membersOf(held.text)
  if (members === null)
    return [held.reading(rejected(parsed.ok ? 'a list, not an object of patches' : parsed.reason))]
  if (members.some(({ key, value }) => key === 'name' && value.ok && typeof value.value === 'string')) {
    return [held.reading(parsed.ok ? outcomeOfSingle(parsed.value) : rejected(parsed.reason))]
  }
  const readings = readingsOfMembers(held, members)
  if (parsed.ok || readings.some((reading) => reading.outcome === 'rejected')) return readings
  // Each patch that can be seen is whole, and yet the object is not: some may be missing.
  const rest = held
    .slice(held.count - 1, held.count)
    .reading(rejected(`patches may be missing: ${parsed.reason}`))
  return [...readings, { ...rest, lines: 0 }]
}

function outcomeOfSingle(value: unknown): Outcome {
  const entry = checked(single, value)
  if (!entry.ok) return rejected(`patch ${JSON.stringify((value as { name: string }).name)}: ${entry.reason}`)
  return timeless([patchOf(entry.value.name, entry.value)])
}

function timeless(patches: readonly PatchManifest[]): Outcome {
  return { outcome: 'timeless', observations: patches.map((each) => ({ kind: 'manifest', patch: each })) }
}

/** What one member is: a patch, a reason to reject it, or nothing of ours. */
type Verdict = { readonly patch: PatchManifest } | { readonly wrong: string } | null

function verdictOf({ key, value }: JsonMember, seen: Set<string>): Verdict {
  if (!value.ok) return { wrong: `patch ${JSON.stringify(key)}: ${value.reason}` }
  if (key.startsWith('_')) return null
  if (typeof value.value === 'object' && value.value !== null && !('objects' in value.value)) return null
  const entry = checked(patch, value.value)
  if (!entry.ok) return { wrong: `patch ${JSON.stringify(key)}: ${entry.reason}` }
  if (seen.has(key)) return { wrong: `patch ${JSON.stringify(key)}: described twice` }
  seen.add(key)
  return { patch: patchOf(key, entry.value) }
}

/**
 * A reading for each run of lines that members share, so that a bad patch costs only its own lines. Where
 * good and bad ones stand on the same line, the line counts for the good, and the bad are told beside it with
 * `lines` 0.
 */
function readingsOfMembers(held: HeldLines, members: readonly JsonMember[]): Reading[] {
  const readings: Reading[] = []
  const seen = new Set<string>()
  let next = 0
  for (const group of groupsByLine(members)) {
    const from = group[0]?.from ?? next
    const to = (group.at(-1)?.to ?? from) + 1
    if (from > next) readings.push(held.slice(next, from).reading(unrelated))
    readings.push(
      ...readingsOfGroup(
        held.slice(from, to),
        group.map((member) => verdictOf(member, seen))
      )
    )
    next = to
  }
  if (next < held.count) readings.push(held.slice(next, held.count).reading(unrelated))
  return readings
}

function readingsOfGroup(lines: HeldLines, verdicts: readonly Verdict[]): Reading[] {
  const patches = verdicts.flatMap((verdict) => (verdict && 'patch' in verdict ? [verdict.patch] : []))
  const wrongs = verdicts.flatMap((verdict) => (verdict && 'wrong' in verdict ? [verdict.wrong] : []))
  const [first, ...others] = wrongs
  if (patches.length === 0 && first === undefined) return [lines.reading(unrelated)]
  const own = patches.length > 0 ? timeless(patches) : rejected(first ?? '')
  const beside = patches.length > 0 ? wrongs : others
  return [lines.reading(own), ...beside.map((wrong) => ({ ...lines.reading(rejected(wrong)), lines: 0 }))]
}

/** Runs of members of which each begins on the line on which the one before it ends. */
function groupsByLine(members: readonly JsonMember[]): JsonMember[][] {
  const groups: JsonMember[][] = []
  for (const member of members) {
    const last = groups.at(-1)
    if (last && last.at(-1)?.to === member.from) last.push(member)
    else groups.push([member])
  }
  return groups
}
