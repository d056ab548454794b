import type { SysfsDirectory } from '../observation.ts'

/** What became of one path of a dump: part of the tree, nothing that we know, or contradictory. */
export type Placed = 'kept' | 'unknown' | { readonly wrong: string }

/** The patches of a dump, or why they cannot be told: not all of their files were read. */
export type TreePatches = { readonly patches: SysfsDirectory[] } | { readonly incomplete: string }

const flags = ['enabled', 'transition', 'replace', 'replaceable'] as const
const numbers = ['replace_set', 'stack_order'] as const

interface PatchDirectory {
  readonly values: Map<string, string>
  readonly objects: Map<string, ObjectDirectory>
}

interface ObjectDirectory {
  patched: string | null
  /** From `<function>,<sympos>`, as sysfs names the directory, to its parts. */
  readonly functions: Map<string, { readonly name: string; readonly sympos: number }>
}

/**
 * The directories below /sys/kernel/livepatch, put together path by path in any order:
 * `<patch>/{enabled,transition,force,replace,replaceable,replace_set,stack_order}`,
 * `<patch>/<object>/patched` and the empty directories `<patch>/<object>/<function>,<sympos>`. Kernels before
 * 6.1 have no `patched`, before 6.11 no `replace`, before 6.14 no `stack_order`; a nop has a directory like
 * any function while its transition lasts. The kernel side is klp_init_patch(), klp_init_object() and
 * klp_init_func().
 */
export class SysfsTree {
  readonly #patches = new Map<string, PatchDirectory>()

  /**
   * Takes one path below /sys/kernel/livepatch; `value` is null for a directory and for what cannot be read.
   */
  add(path: string, value: string | null): Placed {
    const [patch, second, third, ...deeper] = path.replace(/\/$/, '').split('/')
    if (!patch || second === '' || third === '' || deeper.length > 0) return 'unknown'
    if (second === undefined) return value === null ? this.#keep(patch) : 'unknown'
    return third === undefined
      ? this.#addAttribute(patch, second, value)
      : this.#addOfObject(patch, second, third, value)
  }

  /** The patches in the order of their names: sysfs itself lists them in no order that means something. */
  patches(): TreePatches {
    const patches: SysfsDirectory[] = []
    for (const [name, directory] of byName(this.#patches)) {
      const missing = ['enabled', 'transition'].filter((file) => !directory.values.has(file))
      if (missing.length > 0) {
        return {
          incomplete: `patch '${name}': no value of ${missing.join(' and ')}: it went while it was read`
        }
      }
      patches.push(patchOf(name, directory))
    }
    return { patches }
  }

  #keep(patch: string): Placed {
    this.#directory(patch)
    return 'kept'
  }

  #directory(patch: string): PatchDirectory {
    return getOrMake(this.#patches, patch, () => ({ values: new Map(), objects: new Map() }))
  }

  #addAttribute(patch: string, file: string, value: string | null): Placed {
    // Without a value it may be an object's directory or a file that was only listed: it says nothing yet.
    if (value === null) return this.#keep(patch)
    const isFlag = includes(flags, file)
    if (!isFlag && !includes(numbers, file)) return 'unknown'
    const wrong = wrongValue(file, value, isFlag)
    if (wrong) return { wrong }
    const { values } = this.#directory(patch)
    const before = values.get(file)
    if (before !== undefined && before !== value) return contradiction(`${patch}/${file}`, before)
    values.set(file, value)
    return 'kept'
  }

  #addOfObject(patch: string, object: string, entry: string, value: string | null): Placed {
    if (entry === 'patched') return this.#addPatched(patch, object, value)
    const [, name, sympos] = /^(.+),(\d{1,9})$/.exec(entry) ?? []
    if (!name || !sympos || value !== null) return 'unknown'
    this.#object(patch, object).functions.set(entry, { name, sympos: Number(sympos) })
    return 'kept'
  }

  #addPatched(patch: string, object: string, value: string | null): Placed {
    const wrong = value === null ? null : wrongValue('patched', value, true)
    if (wrong) return { wrong }
    const directory = this.#object(patch, object)
    if (directory.patched !== null && value !== null && directory.patched !== value) {
      return contradiction(`${patch}/${object}/patched`, directory.patched)
    }
    directory.patched ??= value
    return 'kept'
  }

  #object(patch: string, object: string): ObjectDirectory {
    return getOrMake(this.#directory(patch).objects, object, () => ({ patched: null, functions: new Map() }))
  }
}

function patchOf(name: string, { values, objects }: PatchDirectory): SysfsDirectory {
  const flag = (file: (typeof flags)[number]): boolean | null =>
    values.has(file) ? values.get(file) === '1' : null
  const number = (file: (typeof numbers)[number]): number | null =>
    values.has(file) ? Number(values.get(file)) : null
  return {
    name,
    enabled: flag('enabled') === true,
    transition: flag('transition') === true,
    replace: flag('replace'),
    replaceable: flag('replaceable'),
    replaceSet: number('replace_set'),
    stackOrder: number('stack_order'),
    objects: byName(objects).map(([object, { patched, functions }]) => ({
      name: object,
      patched: patched === null ? null : patched === '1',
      functions: byName(functions).map(([, func]) => ({ ...func }))
    }))
  }
}

function wrongValue(file: string, value: string, isFlag: boolean): string | null {
  if (isFlag) return value === '0' || value === '1' ? null : `'${file}' is 0 or 1, not '${value}'`
  return /^\d{1,10}$/.test(value) ? null : `'${file}' is a number, not '${value}'`
}

function contradiction(path: string, before: string): Placed {
  return { wrong: `'${path}' was ${before} further up: a second dump needs a line \`# t=<ns>\` before it` }
}

function includes<T extends string>(words: readonly T[], word: string): word is T {
  return (words as readonly string[]).includes(word)
}

function byName<T>(map: ReadonlyMap<string, T>): [string, T][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1))
}

function getOrMake<T>(map: Map<string, T>, key: string, make: () => T): T {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
