import { z } from 'zod'
import { type ModuleSpec, type ObjectSpec, plainModule, plainPatch } from '../../kernel/index.ts'

/** The kernel's own test modules, as `modules.json` beside the transcripts describes them. */
const testModule = z.looseObject({
  livepatch: z.boolean(),
  replace: z.union([z.boolean(), z.string()]).default(false),
  params: z.record(z.string(), z.unknown()).default({}),
  pre_patch_returns: z.string().optional(),
  objects: z
    .array(
      z.object({
        name: z.string().nullable(),
        funcs: z.array(z.tuple([z.string(), z.string()])),
        callbacks: z.array(z.enum(['pre_patch', 'post_patch', 'pre_unpatch', 'post_unpatch']))
      })
    )
    .optional(),
  states: z.array(z.object({ id: z.number(), version: z.number() })).default([]),
  cb_extra: z.record(z.string(), z.string()).default({}),
  cb_extra_if_prev_state: z.record(z.string(), z.string()).default({}),
  functions: z.array(z.string()).default([]),
  init: z.union([z.array(z.string()), z.string()]).default([]),
  exit: z.array(z.string()).default([]),
  init_if_not_blocking: z.array(z.string()).default([]),
  exit_if_blocking: z.array(z.string()).default([]),
  kprobe: z.string().optional(),
  output: z.string().optional()
})
type TestModule = z.infer<typeof testModule>

/** The test modules, and what reading them tells about /proc. */
export interface SelftestModules {
  readonly specs: ReadonlyMap<string, ModuleSpec>
  /** What a patched, or a module's own, /proc file prints; by module. */
  readonly outputs: ReadonlyMap<string, string>
  /** The function behind a /proc file. */
  readonly procFiles: ReadonlyMap<string, string>
  /** Modules whose kworker stays inside a function while a parameter says so. */
  readonly busy: ReadonlyMap<
    string,
    {
      readonly function: string
      readonly exits: readonly string[]
      readonly unblockedInit: readonly string[]
    }
  >
  /** Modules whose init runs a test of its own, of which there is no model. */
  readonly unmodelled: ReadonlySet<string>
}

const callbacks = ['pre_patch', 'post_patch', 'pre_unpatch', 'post_unpatch'] as const

/** @throws ZodError when the text is no such description. */
export function readSelftestModules(json: unknown): SelftestModules {
  const entries = z.record(z.string(), z.unknown()).parse(json)
  const specs = new Map<string, ModuleSpec>()
  const outputs = new Map<string, string>()
  const busy = new Map<
    string,
    { function: string; exits: readonly string[]; unblockedInit: readonly string[] }
  >()
  const unmodelled = new Set<string>()
  for (const [name, value] of Object.entries(entries)) {
    if (name.startsWith('_')) continue
    const module = testModule.parse(value)
    specs.set(name, specOf(name, module))
    if (typeof module.init === 'string') unmodelled.add(name)
    if (module.output !== undefined) outputs.set(name, module.output.replaceAll('{mod}', name))
    const [blocked] = module.functions
    if (module.exit_if_blocking.length > 0 && blocked !== undefined) {
      busy.set(name, {
        function: blocked,
        exits: module.exit_if_blocking,
        unblockedInit: module.init_if_not_blocking
      })
    }
  }
  const procFiles = z.record(z.string(), z.string()).parse(entries._proc_files ?? {})
  return { specs, outputs, busy, unmodelled, procFiles: new Map(Object.entries(procFiles)) }
}

function specOf(name: string, module: TestModule): ModuleSpec {
  return {
    ...plainModule,
    name,
    livepatch: module.livepatch,
    params: Object.fromEntries(Object.entries(module.params).map(([param, value]) => [param, text(value)])),
    functions: module.functions,
    initPrints: typeof module.init === 'string' ? [] : module.init,
    exitPrints: module.exit,
    kprobe:
      module.kprobe === undefined
        ? null
        : { function: module.kprobe, postHandler: { param: 'has_post_handler' } },
    patch: module.objects === undefined ? null : patchOf(module, module.objects)
  }
}

function patchOf(module: TestModule, objects: NonNullable<TestModule['objects']>) {
  return {
    ...plainPatch,
    replace: typeof module.replace === 'string' ? { param: 'replace' } : module.replace,
    replaceSet: { param: 'replace_set' },
    prePatchReturns: module.pre_patch_returns === undefined ? 0 : { param: 'pre_patch_ret' },
    states: module.states,
    objects: objects.map(
      (object): ObjectSpec => ({
        name: object.name ?? 'vmlinux',
        functions: object.funcs.map(([old, replacement]) => ({ old, new: replacement, sympos: 0 })),
        callbacks: object.callbacks
      })
    ),
    prints: printsOf(module.cb_extra),
    printsWithPrevState: printsOf({ ...module.cb_extra, ...module.cb_extra_if_prev_state })
  }
}

/** Every test callback says its name and object, some say more in a second line. */
function printsOf(extra: Readonly<Record<string, string>>) {
  return Object.fromEntries(
    callbacks.map((callback) => {
      const more = extra[callback]
      const lines = [`{mod}: ${callback}_callback: {object}{module_state}`]
      return [callback, more === undefined ? lines : [...lines, `{mod}: ${more}`]]
    })
  )
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
