import type { ModuleSpec, ObjectSpec, PatchSpec } from '../../kernel/index.ts'
import type { ManifestModule } from './manifest-modules.ts'

/** A module as a scenario writes it: what `manifestModules` makes the same module of, but for the lines it prints. */
export function moduleEntry(spec: ModuleSpec): ManifestModule {
  const { livepatch, patch, params, functions, errorInjectable, btf, kprobe } = spec
  const { pre_patch_ret: prePatch, ...others } = params
  return {
    ...(livepatch === (patch !== null) ? {} : { livepatch }),
    ...(patch === null ? {} : patchEntry(patch, prePatch, params)),
    ...(functions.length === 0 ? {} : { functions: [...functions] }),
    ...(errorInjectable.length === 0 ? {} : { error_injectable: [...errorInjectable] }),
    ...(btf ? {} : { btf }),
    ...(Object.keys(others).length === 0 ? {} : { params: others }),
    ...(kprobe === null
      ? {}
      : {
          kprobe: {
            function: kprobe.function,
            ...(paramOr(kprobe.postHandler, params) ? { post_handler: true } : {})
          }
        })
  }
}

function patchEntry(
  { replace, replaceable, replaceSet, states, objects, prePatchReturns }: PatchSpec,
  prePatch: string | undefined,
  params: ModuleSpec['params']
): ManifestModule {
  const set = Number(paramOr(replaceSet, params))
  const ret = typeof prePatchReturns === 'number' ? prePatchReturns : Number(prePatch ?? 0)
  return {
    ...(isTrue(paramOr(replace, params)) ? { replace: true } : {}),
    ...(replaceable ? { replaceable } : {}),
    ...(set === 0 ? {} : { replace_set: set }),
    ...(states.length === 0 ? {} : { states: states.map(({ id, version }) => ({ id, version })) }),
    ...(ret === 0 ? {} : { pre_patch_ret: ret }),
    objects: objects.map(objectEntry)
  }
}

function objectEntry({ name, functions, callbacks }: ObjectSpec) {
  return {
    ...(name === 'vmlinux' ? {} : { name }),
    functions: functions.map(({ old, new: replacement, sympos }) => ({
      old,
      new: replacement,
      ...(sympos === 0 ? {} : { sympos })
    })),
    ...(callbacks.length === 0 ? {} : { callbacks: [...callbacks] })
  }
}

/** A value that a parameter may give: a scenario says what it is. */
function paramOr<T>(value: T | { readonly param: string }, params: ModuleSpec['params']): T | string {
  if (typeof value !== 'object' || value === null || !('param' in value)) return value
  return params[value.param] ?? ''
}

function isTrue(value: boolean | string): boolean {
  return value === true || value === '1' || value === 'Y' || value === 'y'
}
