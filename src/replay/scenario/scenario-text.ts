import { isNode, LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'

/** What is wrong with a scenario, and in which line of it. */
export interface ScenarioFault {
  readonly line: number
  readonly message: string
}

/** A scenario that cannot be run: all that is wrong with it. */
export class ScenarioError extends Error {
  readonly faults: readonly ScenarioFault[]

  constructor(faults: readonly ScenarioFault[]) {
    const sorted = [...faults].sort((a, b) => a.line - b.line)
    super(sorted.map(({ line, message }) => `line ${line}: ${message}`).join('\n'))
    this.name = 'ScenarioError'
    this.faults = sorted
  }
}

type Path = readonly PropertyKey[]

/** A YAML text as plain data, that knows where in the text each part of it stands. */
export class ScenarioText {
  readonly data: unknown
  readonly #document: ReturnType<typeof parseDocument>
  readonly #lines = new LineCounter()
  readonly #text: string

  /** @throws ScenarioError when it is no YAML */
  constructor(text: string) {
    this.#text = text
    this.#document = parseDocument(text, { lineCounter: this.#lines, merge: true })
    const faults = this.#document.errors.map(({ pos, message }) => ({
      line: this.#lines.linePos(pos[0]).line,
      message: message.replace(/ at line \d+, column \d+:[\s\S]*$/, '')
    }))
    if (faults.length > 0) throw new ScenarioError(faults)
    this.data = this.#document.toJS()
  }

  /** The line of a part, or of the part around it where it is not there. */
  lineOf(path: Path): number {
    const range = this.#rangeOf(path)
    if (range !== null) return this.#lines.linePos(range[0]).line
    return path.length === 0 ? 1 : this.lineOf(path.slice(0, -1))
  }

  /** The text of a part as it stands there. */
  textOf(path: Path): string {
    const range = this.#rangeOf(path)
    return range === null ? '' : this.#text.slice(range[0], range[1]).trimEnd()
  }

  /** What a schema found wrong with a part, by lines. */
  faultsOf(error: z.ZodError, path: Path): ScenarioFault[] {
    return error.issues.map((issue) => {
      const at = [...path, ...issue.path]
      const name = at.map(String).join('.')
      return { line: this.lineOf(at), message: name === '' ? issue.message : `${name}: ${issue.message}` }
    })
  }

  #rangeOf(path: Path): readonly [number, number] | null {
    const node: unknown = path.length === 0 ? this.#document.contents : this.#document.getIn(path, true)
    return isNode(node) && node.range ? [node.range[0], node.range[1]] : null
  }
}
