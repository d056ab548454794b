import type { KernelState } from '../projections/index.ts'
import { type Act, EINVAL } from './act.ts'
import type { FuncSpec } from './module-spec.ts'

/** klp_is_object_loaded(): vmlinux always, a module from klp_module_coming() to klp_module_going(). */
export function isLoaded(state: KernelState, object: string): boolean {
  return object === 'vmlinux' || state.modules.has(object)
}

/** klp_find_object_symbol(): 0 when the function can be told apart in its object, else a negative errno. */
export function findObjectSymbol(act: Act, object: string, func: FuncSpec): number {
  const count = symbolCount(act, object, func.old)
  if (count === 0) {
    act.printKlp('err', `symbol '${func.old}' not found in symbol table`)
    return -EINVAL
  }
  if (func.sympos === 0 && count > 1) {
    // The name of vmlinux is NULL, and this message prints it as it is; the one below does not.
    const name = object === 'vmlinux' ? '(null)' : object
    act.printKlp('err', `unresolvable ambiguity for symbol '${func.old}' in object '${name}'`)
    return -EINVAL
  }
  if (func.sympos > count) {
    act.printKlp(
      'err',
      `symbol position ${func.sympos} for symbol '${func.old}' in object '${object}' not found`
    )
    return -EINVAL
  }
  return 0
}

/** How many symbols of that name kallsyms has for the object. */
function symbolCount({ world }: Act, object: string, name: string): number {
  if (object === 'vmlinux') return world.symbolCounts.get(name) ?? 1
  const module = world.modules.get(object)
  // What a module exports to nobody is not in its spec: an unknown module's function is taken as there.
  if (module === undefined || module.functions.length === 0) return 1
  return module.functions.filter((one) => one === name).length
}
