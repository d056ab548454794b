import { functionViews, hookRows, type KernelState, stackView } from '../../projections/index.ts'

/**
 * Where two states of one host differ, as far as its users see: patches, what functions run, hooks, modules. A line
 * that only the first has begins with -, one that only the second has with +; none when they are the same.
 */
export function stateDifferences(first: KernelState, second: KernelState): string[] {
  const [mine, theirs] = [linesOf(first), linesOf(second)]
  return [
    ...mine.filter((line) => !theirs.includes(line)).map((line) => `- ${line}`),
    ...theirs.filter((line) => !mine.includes(line)).map((line) => `+ ${line}`)
  ]
}

function linesOf(state: KernelState): string[] {
  return [
    ...stackView('', state).patches.map(({ name, enabled, transition, forced }) => {
      const words = [enabled ? 'enabled' : 'disabled', ...(transition ? ['in transition'] : [])]
      return `patch ${name} ${words.join(', ')}${forced ? ', forced' : ''}`
    }),
    ...functionViews(state).map(
      ({ function: name, switched, unswitched }) =>
        `function ${name} runs ${switched.version}${
          switched.version === unswitched.version ? '' : ` or ${unswitched.version}`
        }`
    ),
    ...hookRows(state).map(({ program, status }) => `hook ${program} ${status}`),
    ...[...state.modules.keys()].map((name) => `module ${name}`)
  ]
}
