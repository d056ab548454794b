import type { Act } from './act.ts'
import { kstrtobool, kstrtoint } from './kstrtobool.ts'
import type { ModuleSpec, ParamRef } from './module-spec.ts'

/** parse_args() for a load: the defaults, and what insmod was given. Returns the parameter that is refused, or null. */
export function parseArgs(
  act: Act,
  spec: ModuleSpec,
  given: Readonly<Record<string, string>>
): { readonly param: string; readonly value: string } | null {
  for (const [param, value] of Object.entries({ ...spec.params, ...given })) {
    // A parameter that the module does not have is ignored.
    if (!hasParam(spec, param)) continue
    if (!isParamValue(spec, param, value)) return { param, value }
    const name = `${spec.name}.${param}`
    if (act.state.settings.get(name) !== value) act.tell('setting.changed', { name, value })
  }
  return null
}

/** Whether the module has the parameter: it has a default for it, or makes something of it. */
export function hasParam(spec: ModuleSpec, param: string): boolean {
  return Object.hasOwn(spec.params, param) || usesOf(spec).some(({ value }) => isRef(value, param))
}

/** param_set_bool(), param_set_int() or param_set_uint(), by what the module makes of the parameter. */
export function isParamValue(spec: ModuleSpec, param: string, value: string): boolean {
  return usesOf(spec).every((use) => !isRef(use.value, param) || use.accepts(value))
}

interface Use {
  readonly value: unknown
  accepts(value: string): boolean
}

function usesOf({ patch, kprobe }: ModuleSpec): Use[] {
  const isBool = (value: string): boolean => kstrtobool(value) !== null
  return [
    { value: patch?.replace, accepts: isBool },
    { value: kprobe?.postHandler, accepts: isBool },
    { value: patch?.prePatchReturns, accepts: (value) => kstrtoint(value) !== null },
    { value: patch?.replaceSet, accepts: (value) => (kstrtoint(value) ?? -1) >= 0 }
  ]
}

function isRef(value: unknown, param: string): boolean {
  return typeof value === 'object' && (value as ParamRef | null)?.param === param
}
