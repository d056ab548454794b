import {
  type FunctionView,
  functionText,
  functionViews,
  type KernelState,
  ORIGINAL
} from '../../src/projections/index.ts'
import { Kept } from './kept.tsx'
import { Swatch } from './swatch.tsx'

/** A layer of a function's stack: whose version, and which tasks' calls run it. */
interface Layer {
  readonly name: string
  readonly version: number | undefined
  readonly isNop: boolean
  readonly runs: string | null
  readonly hooks: readonly string[]
}

/** Each patched function as the stack that it is: the top entry first, the original function at the bottom. */
export function FunctionStacks({
  state,
  versions,
  changed
}: {
  state: KernelState
  versions: ReadonlyMap<string, number>
  changed: ReadonlySet<string>
}) {
  const views = hookedFirst(functionViews(state), state)
  if (views.length === 0) return <p class="none">No function is patched.</p>
  return (
    <ul class="stacks">
      {views.map((view) => {
        const name = functionText(view.function)
        const layers = layersOf(view, state, versions)
        const isChanged = changed.has(`function ${view.function}`)
        return (
          <Kept
            key={view.function}
            shows={JSON.stringify([name, layers, isChanged])}
            draw={() => <Stack name={name} layers={layers} isChanged={isChanged} />}
          />
        )
      })}
    </ul>
  )
}

function Stack({ name, layers, isChanged }: { name: string; layers: readonly Layer[]; isChanged: boolean }) {
  return (
    <li class={isChanged ? 'changed' : ''}>
      <h4>{name}</h4>
      <ol aria-label={`Stack of ${name}, the top first`}>
        {layers.map((layer, n) => (
          <li key={n} class={`layer ${layer.runs === null ? '' : 'runs'} ${layer.isNop ? 'nop' : ''}`}>
            <span class="layer-name">
              <Swatch version={layer.version} />
              {layer.isNop ? `nop of ${layer.name}` : layer.name}
              {layer.hooks.map((hook) => (
                <span key={hook} class="hook-chip">
                  hook {hook}
                </span>
              ))}
            </span>
            <span class="layer-runs">{layer.runs}</span>
          </li>
        ))}
      </ol>
    </li>
  )
}

/** Functions that a hook is there for, then the others. */
function hookedFirst(views: readonly FunctionView[], state: KernelState): FunctionView[] {
  const isHooked = (view: FunctionView) =>
    view.stack.some(({ patch }) => hooksOn(state, patch, view).length > 0)
  return [...views.filter(isHooked), ...views.filter((view) => !isHooked(view))]
}

function layersOf(view: FunctionView, state: KernelState, versions: ReadonlyMap<string, number>): Layer[] {
  const isSplit = view.switched.version !== view.unswitched.version
  const who = (name: string, isNop: boolean) => {
    if (isNop) return null
    if (!isSplit) return name === view.switched.version ? '◂ all tasks' : null
    if (name === view.switched.version) return '◂ switched tasks'
    return name === view.unswitched.version ? '◂ unswitched tasks' : null
  }
  const entries = view.stack.map(
    ({ patch, nop }): Layer => ({
      name: patch,
      version: versions.get(patch),
      isNop: nop,
      runs: who(patch, nop),
      hooks: hooksOn(state, patch, view)
    })
  )
  const original: Layer = {
    name: `${ORIGINAL} function`,
    version: undefined,
    isNop: false,
    runs: who(ORIGINAL, false),
    hooks: []
  }
  return [...entries, original]
}

/** Programs on this patch's replacement of the function, as far as calls of it reach them or would. */
function hooksOn(state: KernelState, patch: string, { function: key }: FunctionView): string[] {
  const hooks = state.hooks.filter((hook) => hook.module === patch && hook.goneNs === null)
  if (hooks.length === 0) return []
  const funcs = state.patches
    .find(({ name }) => name === patch)
    ?.objects.flatMap((object) => object.functions.map((func) => ({ ...func, object: object.name })))
    .filter((func) => key === `${func.object}:${func.name},${Math.max(1, func.sympos)}`)
  return hooks
    .filter((hook) => funcs?.some((func) => func.newName === null || func.newName === hook.function))
    .map(({ program }) => program)
}
