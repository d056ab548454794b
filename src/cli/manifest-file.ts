import type { ModuleSpec } from '../kernel/index.ts'
import { type ManifestModules, manifest, manifestModules } from '../replay/index.ts'
import { InputError, UsageError } from './errors.ts'
import { readJson } from './json-file.ts'

const shape =
  'It is a manifest: {"NAME": {"livepatch": true, "objects": [...]}}; test/recordings/modules.json is one.'

/** The modules of a manifest file. @throws InputError when it is none */
export function readManifest(path: string): ManifestModules {
  const parsed = manifest.safeParse(readJson(path))
  if (parsed.success) return manifestModules(parsed.data)
  const [issue] = parsed.error.issues
  const where = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `
  throw new InputError(`${path}: ${where}${issue?.message ?? 'no manifest'}`, shape, { cause: parsed.error })
}

/** The modules of all of these files; of two with a name the later one counts. @throws InputError when one is none */
export function readManifests(paths: readonly string[]): ManifestModules {
  const all = paths.map(readManifest)
  return {
    specs: new Map(all.flatMap(({ specs }) => [...specs])),
    returns: new Map(all.flatMap(({ returns }) => [...returns]))
  }
}

/** The livepatch of a manifest file, or the one of that name. @throws InputError when there is none */
export function readPatch(path: string, name: string | undefined): ModuleSpec {
  const { specs } = readManifest(path)
  const patches = [...specs.values()].filter(({ livepatch, patch }) => livepatch && patch !== null)
  const names = patches.map((one) => one.name).join(', ')
  if (name !== undefined) {
    const named = patches.find((one) => one.name === name)
    if (named !== undefined) return named
    throw new InputError(`${path} has no livepatch ${name}`, names === '' ? shape : `It has: ${names}.`)
  }
  const [only, ...others] = patches
  if (only === undefined) throw new InputError(`${path} has no livepatch in it`, shape)
  if (others.length === 0) return only
  throw new UsageError(`${path} has ${patches.length} livepatches`, `Choose one with --patch: ${names}.`)
}
