import { z } from 'zod'
import {
  type CallbackName,
  type ModuleSpec,
  type ObjectSpec,
  type PatchSpec,
  plainModule,
  plainPatch
} from '../../kernel/index.ts'

const callbackNames = ['pre_patch', 'post_patch', 'pre_unpatch', 'post_unpatch'] as const

/** What a function returns, where it is known: the number or the text that its caller sees. */
const returned = z.union([z.number(), z.string()])

/** A module of a manifest: a livepatch where it has objects, else an ordinary module. */
function moduleSchema(object: typeof z.object) {
  const func = object({
    old: z.string().describe('the function that is replaced'),
    new: z.string().describe('the function that replaces it'),
    sympos: z.int().min(0).optional().describe('its place among functions of the same name; 0: it is unique'),
    returns: returned.optional().describe('what the replacement returns')
  }).describe('struct klp_func')
  const target = object({
    name: z.string().nullable().optional().describe('the target module; null is vmlinux'),
    functions: z.array(func).optional(),
    callbacks: z.array(z.enum(callbackNames)).optional().describe('where `callbacks` is not the same for all')
  }).describe('struct klp_object')
  return object({
    note: z.string().optional(),
    livepatch: z.boolean().optional().describe('MODULE_INFO(livepatch, "Y"); by default what has objects'),
    replace: z.boolean().optional().describe('atomic replace'),
    replaceable: z.boolean().optional().describe('hybrid: whether an atomic replace takes it along'),
    replace_set: z.int().min(0).optional().describe('replace-set: the number of its set'),
    objects: z.array(target).optional(),
    states: z.array(object({ id: z.int(), version: z.int() })).optional(),
    callbacks: z.boolean().optional().describe('all four callbacks on every object, each printing a line'),
    pre_patch_ret: z.int().max(0).optional().describe('what pre_patch returns: the default of a parameter'),
    error_injectable: z
      .union([z.boolean(), z.array(z.string())])
      .optional()
      .describe('ALLOW_ERROR_INJECTION on every function of its own, or on these'),
    btf: z.boolean().optional().describe('whether it has the type information that tracing programs need'),
    functions: z
      .union([z.array(z.string()), z.record(z.string(), returned)])
      .optional()
      .describe('functions of an ordinary module, by name or with what they return'),
    params: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])).optional(),
    init: z.array(z.string()).optional().describe('lines that its init prints'),
    exit: z.array(z.string()).optional().describe('lines that its exit prints'),
    kprobe: object({ function: z.string(), post_handler: z.boolean().optional() })
      .optional()
      .describe('a kprobe of its own; one with a post_handler needs IPMODIFY')
  }).describe("a module, in the shape of the recordings' modules.json")
}

/** As a scenario's author writes it: a field that does not exist is a slip. */
export const manifestModule = moduleSchema(z.strictObject as typeof z.object)
export type ManifestModule = z.infer<typeof manifestModule>

/** A manifest's modules as the model takes them, and what their functions return. */
export interface ManifestModules {
  readonly specs: ReadonlyMap<string, ModuleSpec>
  /** By `module:function` of the function itself, replacement or own. */
  readonly returns: ReadonlyMap<string, string>
}

/** A whole manifest; entries whose name begins with _ are notes, and builders may have fields of their own. */
export const manifest = z
  .record(z.string(), z.unknown())
  .transform((all) => Object.fromEntries(Object.entries(all).filter(([name]) => !name.startsWith('_'))))
  .pipe(z.record(z.string(), moduleSchema(z.object)))

/** Makes module specs of manifest entries. */
export function manifestModules(entries: Readonly<Record<string, ManifestModule>>): ManifestModules {
  const specs = new Map<string, ModuleSpec>()
  const returns = new Map<string, string>()
  for (const [name, module] of Object.entries(entries)) {
    specs.set(name, moduleSpec(name, module))
    for (const [func, value] of returnsOf(module)) returns.set(`${name}:${func}`, value)
  }
  return { specs, returns }
}

function moduleSpec(name: string, module: ManifestModule): ModuleSpec {
  const { objects, params = {}, kprobe, functions = [] } = module
  const own = Array.isArray(functions) ? functions : Object.keys(functions)
  const replacements = objects?.flatMap((object) => (object.functions ?? []).map((func) => func.new)) ?? []
  const prePatch = module.pre_patch_ret
  return {
    ...plainModule,
    name,
    livepatch: module.livepatch ?? objects !== undefined,
    params: {
      ...(prePatch === undefined ? {} : { pre_patch_ret: String(prePatch) }),
      ...Object.fromEntries(Object.entries(params).map(([param, value]) => [param, String(value)]))
    },
    functions: own,
    errorInjectable: injectable(module.error_injectable, [...own, ...replacements]),
    btf: module.btf ?? true,
    initPrints: module.init ?? [],
    exitPrints: module.exit ?? [],
    kprobe:
      kprobe === undefined ? null : { function: kprobe.function, postHandler: kprobe.post_handler ?? false },
    patch: objects === undefined ? null : patchSpec(module, objects)
  }
}

function injectable(given: ManifestModule['error_injectable'], all: readonly string[]): readonly string[] {
  if (typeof given === 'object') return given
  return given === true ? all : []
}

function patchSpec(module: ManifestModule, objects: NonNullable<ManifestModule['objects']>): PatchSpec {
  return {
    ...plainPatch,
    replace: module.replace ?? false,
    replaceable: module.replaceable ?? false,
    replaceSet: module.replace_set ?? 0,
    states: module.states ?? [],
    prePatchReturns: module.pre_patch_ret === undefined ? 0 : { param: 'pre_patch_ret' },
    objects: objects.map(
      (object): ObjectSpec => ({
        name: object.name ?? 'vmlinux',
        functions: (object.functions ?? []).map((func) => ({
          old: func.old,
          new: func.new,
          sympos: func.sympos ?? 0
        })),
        callbacks: object.callbacks ?? (module.callbacks === true ? callbackNames : [])
      })
    ),
    prints: callbackPrints
  }
}

/** What the callbacks of the recordings' modules print; who has no callbacks prints nothing. */
const callbackPrints: Readonly<Record<CallbackName, readonly string[]>> = {
  pre_patch: ['{mod}: pre_patch {object} ret={ret}'],
  post_patch: ['{mod}: post_patch {object}'],
  pre_unpatch: ['{mod}: pre_unpatch {object}'],
  post_unpatch: ['{mod}: post_unpatch {object}']
}

function returnsOf({ objects = [], functions = [] }: ManifestModule): [string, string][] {
  const own = Array.isArray(functions) ? [] : Object.entries(functions)
  const replaced = objects.flatMap((object) =>
    (object.functions ?? []).flatMap((func): [string, string | number][] =>
      func.returns === undefined ? [] : [[func.new, func.returns]]
    )
  )
  return [...own, ...replaced].map(([name, value]) => [name, String(value)])
}
