import type { PatchView, StateDiff } from '../projections/index.ts'
import { counted } from './output.ts'
import { doing, functionText, hookPlace, stackText } from './wording.ts'

/** What differs between two states, as lines that begin with +, - or ~, under a head for each part of the state. */
export function diffSections(
  found: StateDiff
): { readonly head: string; readonly changes: readonly string[] }[] {
  const sections = [
    { head: 'patches', changes: patchLines(found.patches) },
    { head: 'transition', changes: transitionLines(found.transition) },
    { head: 'functions', changes: found.functions.flatMap(functionLines) },
    { head: 'hooks', changes: hookLines(found.hooks) },
    {
      head: 'modules',
      changes: [
        ...found.modules.unloaded.map((name) => `- ${name}`),
        ...found.modules.loaded.map((name) => `+ ${name}`)
      ]
    }
  ]
  return sections.filter(({ changes }) => changes.length > 0)
}

function patchLines({ added, removed, changed }: StateDiff['patches']): string[] {
  return [
    ...removed.map((name) => `- ${name}`),
    ...added.map((name) => `+ ${name}`),
    ...changed.map(({ name, fields }) => `~ ${name}: ${Object.entries(fields).map(fieldText).join(', ')}`)
  ]
}

function fieldText([field, { before, after }]: [string, { before: unknown; after: unknown }]): string {
  if (field === 'objects') return objectsText(before as Objects, after as Objects)
  if (field === 'since') return 'gone and enabled anew'
  return `${field} ${wordOf(before)} -> ${wordOf(after)}`
}

type Objects = PatchView['objects']

/** What came to a patch's objects, what went, and which of them are patched now. */
function objectsText(before: Objects, after: Objects): string {
  const names = (objects: Objects) =>
    objects.flatMap(({ name, functions }) =>
      functions.map(
        (func) => `${func.nop ? 'nop ' : ''}${functionText(`${name}:${func.name},${func.sympos}`)}`
      )
    )
  const [old, now] = [names(before), names(after)]
  const patched = after.flatMap(({ name, patched: is }) => {
    const was = before.find((object) => object.name === name)?.patched
    return was === undefined || was === is ? [] : [`${name}/patched ${wordOf(was)} -> ${wordOf(is)}`]
  })
  return [
    ...old.filter((name) => !now.includes(name)).map((name) => `without ${name}`),
    ...now.filter((name) => !old.includes(name)).map((name) => `with ${name}`),
    ...patched
  ].join(', ')
}

function wordOf(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '-'
}

function transitionLines(change: StateDiff['transition']): string[] {
  if (change === null) return []
  const { before, after } = change
  const text = (mark: string, one: typeof before) => {
    if (one === null) return []
    const { patch, goal, switched, blocked } = one
    return [
      `${mark} ${patch}: ${doing(goal)} transition, ${counted(switched, 'task')} switched, ${blocked} blocked`
    ]
  }
  return [...text('-', before), ...text('+', after)]
}

function functionLines({ function: key, before, after }: StateDiff['functions'][number]): string[] {
  const name = functionText(key)
  return [
    ...(before.length === 0 ? [] : [`- ${name}: ${stackText(before)}`]),
    ...(after.length === 0 ? [] : [`+ ${name}: ${stackText(after)}`])
  ]
}

function hookLines({ attached, detached, changed }: StateDiff['hooks']): string[] {
  return [
    ...detached.map((hook) => `- ${hook.program} on ${hookPlace(hook)}`),
    ...attached.map((hook) => `+ ${hook.program} on ${hookPlace(hook)}`),
    ...changed.map((hook) => {
      const { status, reach } = hook
      const reached = reach.before === reach.after ? '' : `, reached by ${reach.before} -> ${reach.after}`
      const what = status.before === status.after ? status.after : `${status.before} -> ${status.after}`
      return `~ ${hook.program} on ${hookPlace(hook)}: ${what}${reached}`
    })
  ]
}
