/**
 * The `name=value` list behind a probe record. Neither ftrace nor a bpftrace script escapes values, and a
 * task may choose its own name: `comm="x" pid=1 y="" pid=152` is one task called `x" pid=1 y="`. A probe
 * cannot have two arguments of one name, so a name that returns shows where a value was cut too early, and
 * the value is put together again.
 */
export interface ProbeArguments {
  readonly args: Readonly<Record<string, string>>
  /** A quoted value did not end: the kernel prints a value's own line feeds as they are. */
  readonly open: boolean
}

interface Argument {
  readonly name: string
  value: string
  /** Where the value begins in the text. */
  readonly from: number
  readonly quoted: boolean
}

/** MAX_TRACE_ARGS: no probe has more. */
const mostArguments = 128

const nextName = / ([A-Za-z_]\w*)=/g
const nameHere = / +([A-Za-z_]\w*)=/y
const blankHere = /\s*$/y

/** ftrace's list: ` patch="lp_hook" replace=0 prog=(fault)`; the quotes are not part of the values. */
export function quotedArguments(text: string, from: number): ProbeArguments {
  return listed(text, from, true)
}

/** bpftrace's list, by the convention of our script: ` patch=lp_hook replace=0`. */
export function bareArguments(text: string, from: number): ProbeArguments {
  return listed(text, from, false)
}

function listed(text: string, from: number, quotes: boolean): ProbeArguments {
  const list: Argument[] = []
  let open = false
  for (let at = from; at < text.length && list.length < mostArguments; ) {
    nameHere.lastIndex = at
    const found = nameHere.exec(text)
    if (found === null) break
    const nameFrom = at
    at = nameHere.lastIndex
    const quoted = quotes && text.charCodeAt(at) === 34
    const begin = quoted ? at + 1 : at
    const end = quoted ? closingQuote(text, begin) : valueEnd(text, begin)
    open = quoted && end < 0
    const value = end < 0 ? text.slice(begin) : text.slice(begin, end)
    at = end < 0 ? text.length : end + (quoted ? 1 : 0)
    add(list, { name: found[1] ?? '', value, from: begin, quoted }, text, nameFrom, quotes)
  }
  const args: Record<string, string> = {}
  for (const { name, value } of list) args[name] = value.endsWith('\n') ? value.slice(0, -1) : value
  return { args, open }
}

/** Adds an argument; `nameFrom` is where its name begins, so the end of whatever was printed before it. */
function add(list: Argument[], next: Argument, text: string, nameFrom: number, quotes: boolean): void {
  const same = list.findIndex(({ name }) => name === next.name)
  if (same >= 0) {
    let cut = same - 1
    while (quotes && cut >= 0 && list[cut]?.quoted !== true) cut--
    const early = list[cut]
    if (early !== undefined && (!quotes || text.charCodeAt(nameFrom - 1) === 34)) {
      early.value = text.slice(early.from, quotes ? nameFrom - 1 : nameFrom)
      list.length = cut + 1
    } else {
      list.splice(same, 1)
    }
  }
  list.push(next)
}

/**
 * The quote that ends the value: one that the next name or the end of the text follows; -1 when none does.
 */
function closingQuote(text: string, from: number): number {
  for (let quote = text.indexOf('"', from); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    nameHere.lastIndex = quote + 1
    if (nameHere.test(text)) return quote
    blankHere.lastIndex = quote + 1
    if (blankHere.test(text)) return quote
  }
  return -1
}

/** Where an unquoted value ends: values such as `lp_init+0x4/0x20 [lp_hook]` have spaces too. */
function valueEnd(text: string, from: number): number {
  nextName.lastIndex = from
  const next = nextName.exec(text)
  if (next !== null) return next.index
  return text.length
}
