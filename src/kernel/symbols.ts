import { type Act, EINVAL } from './act.ts'
import type { FuncSpec } from './module-spec.ts'

/** klp_find_object_symbol(): 0 when the function can be told apart in its object, else a negative errno. */
export function findObjectSymbol(act: Act, object: string, func: FuncSpec): number {
  const count = symbolCount(act, object, func.old)
  if (count === 0) {
    act.printKlp('err', `symbol '${func.old}' not found in symbol table`)
    return -EINVAL
  }
  const name = object === 'vmlinux' ? '(null)' : object
  if (func.sympos === 0 && count > 1) {
    act.printKlp('err', `unresolvable ambiguity for symbol '${func.old}' in object '${name}'`)
    return -EINVAL
  }
  if (func.sympos > count) {
    act.printKlp(
      'err',
      `symbol position ${func.sympos} for symbol '${func.old}' in object '${name}' not found`
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
