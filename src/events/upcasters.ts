import type { z } from 'zod'
import { catalogue } from './catalogue.ts'
import { StoreError, UpcasterError } from './errors.ts'

/** Event types with their present version and the schema of their data: the catalogue, or one made for a test. */
export type EventCatalogue = Readonly<Record<string, { readonly version: number; readonly data: z.ZodType }>>

/** Leads the data of one stored version of a type to a later version. */
export interface Upcaster {
  readonly type: string
  readonly from: number
  readonly to: number
  upcast(data: unknown): unknown
}

/** A catalogue with the upcasters that lead every older version of its types to the present one. */
export interface Upcasters {
  readonly catalogue: EventCatalogue
  /** The present version of a type; undefined for a type that this klplog does not know. */
  version(type: string): number | undefined
  /**
   * Stored data as the present version has it; stored events themselves are never rewritten.
   * @throws StoreError for a type or version that is newer than this klplog
   */
  upcast(type: string, version: number, data: unknown): unknown
}

/**
 * Checks that the list leads each older version of each type, step by step, to the present one.
 * @throws UpcasterError for gaps, duplicates, unknown types, steps that do not lead forward or lead too far
 */
export function createUpcasters(types: EventCatalogue, list: readonly Upcaster[]): Upcasters {
  const versions = new Map(Object.entries(types).map(([type, { version }]) => [type, version]))
  const steps = indexSteps(versions, list)
  for (const [type, version] of versions) {
    for (let from = 1; from < version; from++) {
      if (steps.has(stepKey(type, from))) continue
      throw new UpcasterError(`no upcaster leads ${type} from version ${from} to ${version}`)
    }
  }
  return {
    catalogue: types,
    version: (type) => versions.get(type),
    upcast(type, version, data) {
      const present = versions.get(type)
      if (present === undefined) throw newerEvent(`events of type ${type}`)
      if (version > present)
        throw newerEvent(`${type} in version ${version}, this klplog knows version ${present}`)
      if (version < 1) throw corruptVersion(type, version)
      let current = data
      for (let at = version; at < present; ) {
        const step = steps.get(stepKey(type, at)) as Upcaster
        current = step.upcast(current)
        at = step.to
      }
      return current
    }
  }
}

function indexSteps(versions: ReadonlyMap<string, number>, list: readonly Upcaster[]): Map<string, Upcaster> {
  const steps = new Map<string, Upcaster>()
  for (const step of list) {
    const present = versions.get(step.type)
    const name = `upcaster of ${step.type} from version ${step.from} to ${step.to}`
    if (present === undefined) throw new UpcasterError(`${name}: the catalogue has no such type`)
    if (!Number.isInteger(step.from) || step.from < 1)
      throw new UpcasterError(`${name}: versions count from 1`)
    if (!Number.isInteger(step.to) || step.to <= step.from)
      throw new UpcasterError(`${name}: does not lead forward`)
    if (step.to > present) throw new UpcasterError(`${name}: the catalogue stands at version ${present}`)
    const key = stepKey(step.type, step.from)
    if (steps.has(key)) throw new UpcasterError(`${name}: another one starts there too`)
    steps.set(key, step)
  }
  return steps
}

function stepKey(type: string, from: number): string {
  return `${from} ${type}`
}

function newerEvent(what: string): StoreError {
  return new StoreError('newer-event', `the log holds ${what}`, 'A newer klplog wrote it: update klplog.')
}

function corruptVersion(type: string, version: number): StoreError {
  return new StoreError(
    'corrupt',
    `the log holds ${type} in version ${version}, which never was`,
    'Run `klplog verify` to find the damaged event, and restore the log from a backup.'
  )
}

/** The upcasters of klplog's own catalogue; a type's next version adds its own here. */
export const upcasters: Upcasters = createUpcasters(catalogue, [
  { type: 'host.observed', from: 1, to: 2, upcast: observedNames }
])

/** Version 2 names the replacements of the functions that sysfs lists, where a manifest does. */
function observedNames(data: unknown): unknown {
  const observed = data as { readonly patches: readonly Version1Patch[] | null }
  const patches = observed.patches?.map((patch) => ({
    ...patch,
    objects: patch.objects.map((object) => ({
      ...object,
      functions: object.functions.map((func) => ({ ...func, newName: null }))
    }))
  }))
  return { ...observed, patches: patches ?? null }
}

interface Version1Patch {
  readonly objects: readonly { readonly functions: readonly { name: string; sympos: number }[] }[]
}
