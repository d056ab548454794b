import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Counterexample,
  errnoText,
  retrace,
  type Search,
  type Story,
  tell,
  toScenario
} from '../replay/index.ts'
import type { App } from './app.ts'
import { counted, table, visible } from './output.ts'

/** How a search was asked for, and how it ended. */
export interface Asked {
  readonly file: string | null
  readonly isInterrupted: boolean
  readonly depth: number
  readonly states: number
}

/** A way to break an invariant, and its story. */
interface Found {
  readonly counterexample: Counterexample
  readonly story: Story
}

/** What a search has found. */
export interface Exploration {
  readonly search: Search
  readonly asked: Asked
  readonly found: readonly Found[]
  readonly json: object
}

export function explorationOf(search: Search, asked: Asked): Exploration {
  const found = search.breaks.map((one): Found => {
    const counterexample = retrace(search, one)
    const { course, violation, invariant } = counterexample
    const story = tell(course, violation, [invariant])
    if (story === null) throw new Error(`${invariant.id} has no story`)
    return { counterexample, story }
  })
  const exploration = { search, asked, found }
  return { ...exploration, json: asJson(exploration) }
}

type Findings = Omit<Exploration, 'json'>

/** Why it ended. */
function endOf({ search, asked }: Findings): 'exhausted' | 'depth' | 'states' | 'interrupted' {
  if (search.isExhausted) return 'exhausted'
  if (asked.isInterrupted) return 'interrupted'
  return search.table.count >= asked.states ? 'states' : 'depth'
}

function asJson(findings: Findings): object {
  const { search, asked, found } = findings
  const { world, layout } = search
  return {
    policy: world.world.rules.name,
    file: asked.file,
    patches: world.patches,
    functions: world.functions.length,
    tasks: world.tasks,
    hooks: world.hooks,
    callDepth: world.callDepth,
    end: endOf(findings),
    states: search.table.count,
    transitions: search.transitions,
    depth: search.depth,
    bitsPerState: layout.bits,
    bytesPerState: Math.round(search.table.size / search.table.count),
    neverTaken: search.untaken,
    neverRefused: search.unmet,
    invariants: search.invariants.map(({ id, says, holds }) => {
      const one = found.find(({ counterexample }) => counterexample.invariant.id === id)
      return {
        id,
        says,
        promised: holds.includes(world.world.rules.name),
        steps: one?.counterexample.steps ?? null,
        text: one?.story.violation.text ?? null,
        why: one?.story.why ?? null,
        tasks: one?.story.tasks ?? [],
        story: (one?.story.steps ?? []).map(({ who, what, errno, changes, wrong }) => ({
          who,
          what,
          errno,
          changes,
          wrong
        }))
      }
    })
  }
}

export function explorationAsText(app: App, exploration: Exploration): string {
  const { search, found } = exploration
  const { dim, bold } = app.colors
  return [
    bold(headline(exploration)),
    '',
    table(
      app,
      [{ head: 'INVARIANT' }, { head: 'STEPS', align: 'right' }, { head: 'RESULT' }],
      rows(app, exploration)
    ),
    ...found.flatMap((one) => ['', ...storyLines(app, one)]),
    '',
    totals(exploration),
    dim(`never taken: ${listOr(search.untaken)}; never refused: ${listOr(search.unmet)}`)
  ].join('\n')
}

function headline({ search, asked }: Exploration): string {
  const { world } = search
  const size = [
    counted(world.patches, 'patch').replace(/patchs$/, 'patches'),
    counted(world.functions.length, 'function'),
    counted(world.tasks, 'task'),
    counted(world.hooks, 'hook')
  ].join(', ')
  const what = asked.file === null ? `every small world of ${size}` : `${visible(asked.file)}: ${size}`
  return `${world.world.rules.name}, ${what}`
}

function rows(app: App, { search, found }: Exploration) {
  const { red, yellow, green, dim } = app.colors
  const policy = search.world.world.rules.name
  return search.invariants.map(({ id, holds }) => {
    const one = found.find(({ counterexample }) => counterexample.invariant.id === id)
    if (one === undefined) {
      const never = { value: 'never broken', color: green }
      return [id, null, search.isExhausted ? never : { value: 'not broken so far', color: dim }]
    }
    const isPromised = holds.includes(policy)
    const words = isPromised ? `broken, and ${policy} promises it` : 'broken, a hazard'
    return [id, one.counterexample.steps, { value: words, color: isPromised ? red : yellow }]
  })
}

function totals(exploration: Exploration): string {
  const { search } = exploration
  const counts = [
    `${search.table.count.toLocaleString('en')} states`,
    `${search.transitions.toLocaleString('en')} transitions`,
    `depth ${search.depth}`,
    `${search.layout.bits} bits a state, ${Math.round(search.table.size / search.table.count)} bytes with all that is kept`
  ].join(', ')
  const ends = {
    exhausted: 'Every state was looked at.',
    depth: 'States beyond --depth were not looked at.',
    states: 'The limit of --max-states was reached: there are more.',
    interrupted: 'Interrupted: there are more.'
  }
  return `${counts}. ${ends[endOf(exploration)]}`
}

function listOr(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ')
}

function storyLines(app: App, { counterexample, story }: Found): string[] {
  const { bold, dim, red, green } = app.colors
  const color = (line: string) =>
    line.startsWith('+') ? green(line) : line.startsWith('-') ? red(line) : line
  const { invariant, course } = counterexample
  const lines = [bold(`${invariant.id}: ${visible(story.violation.text)}`), `  ${visible(story.why)}`]
  for (const [name, { patch }] of course.world.modules) {
    if (patch !== null)
      lines.push(dim(`  ${visible(`${name}: ${patchWords(patch, course.world.rules.flag)}`)}`))
  }
  if (story.tasks.length > 0) lines.push(dim(`  tasks: ${visible(story.tasks.join(', '))}`))
  story.steps.forEach(({ who, what, errno, changes, wrong }, n) => {
    const outcome = errno === 0 ? '' : `: ${red(errnoText(errno))}`
    lines.push(`  ${n + 1}  ${visible(`${who}: ${what}`)}${outcome}`)
    lines.push(...changes.map((line) => `       ${color(visible(line))}`))
    lines.push(...wrong.map((line) => `       ${red(visible(line))}`))
  })
  return lines
}

type Patch = NonNullable<
  Counterexample['course']['world']['modules'] extends ReadonlyMap<
    string,
    infer Spec extends { patch: unknown }
  >
    ? Spec['patch']
    : never
>

function patchWords(patch: Patch, flag: string): string {
  const names = patch.objects.flatMap((object) => object.functions.map((func) => func.old))
  const words = [names.length === 0 ? 'changes no function' : `changes ${names.join(' and ')}`]
  if (flag !== 'replace_set' && patch.replace === true) words.push('replaces')
  if (flag === 'replaceable') words.push(patch.replaceable ? 'replaceable' : 'not replaceable')
  if (flag === 'replace_set' && typeof patch.replaceSet === 'number') words.push(`set ${patch.replaceSet}`)
  for (const { id, version } of patch.states) words.push(`state ${id} version ${version}`)
  return words.join(', ')
}

/** Writes each way as `POLICY-ID.yaml`. */
export async function writeScenarios(
  app: App,
  directory: string,
  { found, search }: Exploration
): Promise<void> {
  mkdirSync(directory, { recursive: true })
  for (const { counterexample, story } of found) {
    const { invariant, course } = counterexample
    const path = join(directory, `${search.world.world.rules.name}-${invariant.id.toLowerCase()}.yaml`)
    writeFileSync(path, toScenario(course, { title: story.violation.text, story: story.why }))
    await app.note(path)
  }
}
