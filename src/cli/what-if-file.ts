import { z } from 'zod'
import type { AddedModule } from '../replay/index.ts'
import { InputError } from './errors.ts'
import { readJson } from './json-file.ts'
import { readManifest } from './manifest-file.ts'

/** What a what-if's manifest has beside the modules themselves. */
const whenLoaded = z.record(z.string(), z.looseObject({ loaded_before: z.string().optional() }))

/** The modules of a what-if's manifest. @throws InputError when it is none, or has none */
export function readAdded(path: string): AddedModule[] {
  const { specs } = readManifest(path)
  const when = whenLoaded.safeParse(notesLeftOut(readJson(path)))
  if (!when.success) {
    throw new InputError(
      `${path}: ${when.error.issues[0]?.path.join('.')}: ${when.error.issues[0]?.message}`,
      '"loaded_before" names the module before whose load this one is loaded.'
    )
  }
  if (specs.size === 0) {
    throw new InputError(`${path} has no module in it`, 'It is a manifest: {"NAME": {"objects": [...]}}.')
  }
  return [...specs.values()].map((spec) => ({
    spec,
    loadedBefore: when.data[spec.name]?.loaded_before ?? null
  }))
}

function notesLeftOut(json: unknown): unknown {
  if (typeof json !== 'object' || json === null) return json
  return Object.fromEntries(Object.entries(json).filter(([name]) => !name.startsWith('_')))
}
