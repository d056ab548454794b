import type { Fact, StoredEvent } from '../../events/index.ts'

/** Where a recording and the model first part within one mechanism. Null stands for nothing more. */
export interface Difference {
  readonly mechanism: string
  readonly expected: string | null
  readonly observed: string | null
  /** `source:line` of what was observed. */
  readonly evidence: readonly string[]
}

/** Events in which order tells: each mechanism runs under a lock of its own. */
const mechanisms: Readonly<Record<string, string>> = {
  patch: 'livepatch',
  transition: 'livepatch',
  object: 'livepatch',
  nop: 'livepatch',
  callback: 'livepatch',
  module: 'module',
  hook: 'hook',
  task: 'task'
}

/** What no probe sees, and what only looks on. */
const unseen = new Set(['task.started', 'task.exited', 'hook.counted'])

/** Compares what an operation gave with what the model says that it gives; null when they agree. */
export function compareFacts(
  observed: readonly StoredEvent[],
  predicted: readonly Fact[]
): Difference | null {
  for (const mechanism of new Set(Object.values(mechanisms))) {
    const mine = predicted.filter((fact) => belongs(fact, mechanism)).map(describe)
    const theirs = observed.filter((event) => belongs(event, mechanism))
    const difference =
      mechanism === 'task' ? compareSets(mechanism, mine, theirs) : compareSequences(mechanism, mine, theirs)
    if (difference !== null) return difference
  }
  return null
}

function belongs(fact: Fact, mechanism: string): boolean {
  return mechanisms[fact.type.slice(0, fact.type.indexOf('.'))] === mechanism && !unseen.has(fact.type)
}

function compareSequences(
  mechanism: string,
  mine: readonly string[],
  theirs: readonly StoredEvent[]
): Difference | null {
  for (let n = 0; n < Math.max(mine.length, theirs.length); n += 1) {
    const event = theirs[n]
    const observed = event === undefined ? null : describe(event)
    const expected = mine[n] ?? null
    if (expected !== null && observed !== null && agree(expected, observed)) continue
    return { mechanism, expected, observed, evidence: event === undefined ? [] : [evidenceOf(event)] }
  }
  return null
}

/** Tasks switch in the order in which they are found; only who did what counts. */
function compareSets(
  mechanism: string,
  mine: readonly string[],
  theirs: readonly StoredEvent[]
): Difference | null {
  const left = [...mine]
  for (const event of theirs) {
    const at = left.findIndex((expected) => agree(expected, describe(event)))
    if (at < 0) return { mechanism, expected: null, observed: describe(event), evidence: [evidenceOf(event)] }
    left.splice(at, 1)
  }
  const [missing] = left
  return missing === undefined ? null : { mechanism, expected: missing, observed: null, evidence: [] }
}

/** Without klp_unpatch_func() probed, or dynamic debug, no evidence names the functions. */
function agree(expected: string, observed: string): boolean {
  return expected === observed || withoutFunctions(expected) === observed
}

function withoutFunctions(text: string): string {
  return text.replace(/ functions?=\S*/, '')
}

/** What a comparison of two runs of the model sees of a fact; null when it does not look at it. */
export function factLine(fact: Fact): string | null {
  return Object.values(mechanisms).some((mechanism) => belongs(fact, mechanism)) ? describe(fact) : null
}

/** A fact as one line: its type and what the model can know of it. */
function describe(fact: Fact): string {
  const words: string[] = [fact.type]
  for (const [name, value] of Object.entries(fact.data)) {
    if (!compared.has(name) || value === null) continue
    words.push(`${name}=${Array.isArray(value) ? value.join() : String(value)}`)
  }
  return words.join(' ')
}

/** Fields that follow from the operation; ids, addresses, actors and texts do not. */
const compared = new Set([
  'patch',
  'by',
  'reason',
  'goal',
  'object',
  'functions',
  'nopsOnly',
  'callback',
  'ret',
  'operation',
  'errno',
  'module',
  'function',
  'pid',
  'comm',
  'how',
  'program',
  'kind',
  'replace'
])

function evidenceOf(event: StoredEvent): string {
  return `${event.evidence.source}:${event.evidence.line}`
}
