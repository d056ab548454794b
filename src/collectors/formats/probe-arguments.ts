/**
 * The `name=value` list behind a probe record. Neither ftrace nor a bpftrace script escapes values, and a
 * task may choose its own name: `comm="x" pid=1 y="" pid=152` is one task called `x" pid=1 y="`. A probe
 * cannot have two arguments of one name, so a name that returns shows that a value was cut too early.
 */
export interface ProbeArguments {
  readonly args: Readonly<Record<string, string>>
  /** A quoted value did not end: the kernel prints a value's own line feeds as they are. */
  readonly open: boolean
}

interface Argument {
  readonly name: string
  /** Where the value begins and ends in the text, without its quotes; an end of -1 is not there. */
  readonly from: number
  readonly end: number
  readonly quoted: boolean
}

/** MAX_TRACE_ARGS: no probe has more. */
const mostArguments = 128

/** How often a list is read again with a longer value, before it is taken as it is. */
const mostRetries = 100

const nextName = / [A-Za-z_]\w*=/g
const nameHere = / +([A-Za-z_]\w*)=/y
const blankHere = /\s*$/y
const quote = 34

/** ftrace's list from `from` to the text's end: ` patch="lp_hook" replace=0 prog=(fault)`. */
export function quotedArguments(text: string, from: number): ProbeArguments {
  let list: Argument[] = []
  let retries = 0
  for (let at = from; at < text.length && list.length < mostArguments; ) {
    const next = argumentAt(text, at)
    if (next === null) break
    const longer = has(list, next) && retries++ < mostRetries ? lengthened(list, text) : null
    list = longer ?? list
    if (longer === null) list.push(next)
    const last = list.at(-1) ?? next
    if (last.end < 0) return { args: argsOf(list, text), open: true }
    at = last.end + (last.quoted ? 1 : 0)
  }
  return { args: argsOf(list, text), open: false }
}

/** bpftrace's list, by the convention of our script: ` patch=lp_hook replace=0`. Values have no quotes. */
export function bareArguments(text: string, from: number): ProbeArguments {
  const list: Argument[] = []
  for (let at = from; at < text.length && list.length < mostArguments; ) {
    nameHere.lastIndex = at
    const name = nameHere.exec(text)?.[1]
    if (name === undefined) break
    const begin = nameHere.lastIndex
    const next = { name, from: begin, end: valueEnd(text, begin), quoted: false }
    const same = list.findIndex((one) => one.name === name)
    if (same === 0) {
      // Nothing stands before the first one that could contain it, so this one is part of the value before.
      extendLast(list, next.end)
    } else {
      if (same > 0) {
        list.length = same
        extendLast(list, at)
      }
      list.push(next)
    }
    at = next.end
  }
  return { args: argsOf(list, text), open: false }
}

function argumentAt(text: string, at: number): Argument | null {
  nameHere.lastIndex = at
  const name = nameHere.exec(text)?.[1]
  if (name === undefined) return null
  const begin = nameHere.lastIndex
  const quoted = text.charCodeAt(begin) === quote
  const from = quoted ? begin + 1 : begin
  return { name, from, end: quoted ? closingQuote(text, from) : valueEnd(text, from), quoted }
}

function has(list: readonly Argument[], { name }: Argument): boolean {
  return list.some((one) => one.name === name)
}

/** The list up to the last quoted value that can end further behind, with that value; null when none can. */
function lengthened(list: readonly Argument[], text: string): Argument[] | null {
  for (let at = list.length - 1; at >= 0; at--) {
    const early = list[at]
    if (early?.quoted !== true) continue
    const end = closingQuote(text, early.end + 1)
    if (end >= 0) return [...list.slice(0, at), { ...early, end }]
  }
  return null
}

function extendLast(list: Argument[], end: number): void {
  const last = list.pop()
  if (last !== undefined) list.push({ ...last, end })
}

function argsOf(list: readonly Argument[], text: string): Record<string, string> {
  const args: Record<string, string> = {}
  for (const { name, from, end } of list) {
    const value = end < 0 ? text.slice(from) : text.slice(from, end)
    // `echo 0 > enabled` writes a line feed, which is no part of what is meant.
    args[name] = value.endsWith('\n') ? value.slice(0, -1) : value
  }
  return args
}

/** The quote that ends a value: one that a name or the end of the text follows; -1 when none does. */
function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 1)) {
    nameHere.lastIndex = at + 1
    if (nameHere.test(text)) return at
    blankHere.lastIndex = at + 1
    if (blankHere.test(text)) return at
  }
  return -1
}

/** Where a value without quotes ends: one such as `lp_init+0x4/0x20 [lp_hook]` has a space too. */
function valueEnd(text: string, from: number): number {
  nextName.lastIndex = from
  return nextName.exec(text)?.index ?? text.length
}
