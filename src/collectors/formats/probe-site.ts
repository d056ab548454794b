/** What a probe record's `(…)` says about where it fired. */
export type ProbeSite =
  | { readonly kind: 'function'; readonly fn: string; readonly returns: boolean; readonly end: number }
  /** The parenthesis holds an address of the kernel's, and the probe's name does not tell the function. */
  | { readonly kind: 'unnamed'; readonly address: string }
  /** A kprobe inside a function, a uprobe, or no probe at all. */
  | { readonly kind: 'elsewhere' }

const elsewhere: ProbeSite = { kind: 'elsewhere' }

/**
 * A probe on a function's entry fires behind what the compiler put there for tracing and branch protection:
 * 4 bytes on x86 with IBT, 8 on powerpc and arm64; one further in saw only some of the function's calls.
 */
const furthestEntry = 0x10

const symbolPattern =
  /^([A-Za-z_.$][\w.$]*)(?:\+0x([\da-f]+)(?:\/0x[\da-f]+)?)?(?: \[[^\]]*\])?(?: <[\da-f]+>)?$/
const addressPattern = /^(?:0x)?([\da-f]{5,16})$/

/**
 * Reads `(FUNC+0xOFF/0xSIZE)` of a kprobe or `(CALLER <- FUNC)` of a kretprobe, which begins at `at`.
 * `trace-cmd report` has no symbols and prints `(ADDRESS)` and `(FUNC's ADDRESS <- CALLER's)`.
 */
export function probeSite(text: string, at: number, event: string): ProbeSite {
  const close = text.indexOf(')', at)
  if (close < 0) return elsewhere
  const inside = text.slice(at + 1, close)
  const arrow = inside.lastIndexOf(' <- ')
  const returns = arrow >= 0
  const end = close + 1
  const where = returns ? inside.slice(arrow + 4) : inside
  const address = addressPattern.exec(where)
  if (address !== null) return addressSite(address[1] ?? '', event, returns, end)
  const symbol = symbolPattern.exec(where)
  if (symbol === null) return elsewhere
  const [, name = '', offset] = symbol
  if (!returns && (offset === undefined || Number.parseInt(offset, 16) > furthestEntry)) return elsewhere
  return { kind: 'function', fn: sourceName(name), returns, end }
}

function addressSite(address: string, event: string, returns: boolean, end: number): ProbeSite {
  // The lower half of the address space is user space's: a uprobe.
  if (address.length < 16 || address.charCodeAt(0) < 56) return elsewhere
  const fn = functionInName(event)
  return fn === null ? { kind: 'unnamed', address } : { kind: 'function', fn, returns, end }
}

/** `p_FUNC_0` and `r_FUNC_0` are the kernel's own names, `FUNC__return` perf's; `klp_…` fits no other. */
function functionInName(event: string): string | null {
  const named =
    /^[pr]_(\w+)_0$/.exec(event) ?? /^(\w+)__return$/.exec(event) ?? /^((?:__)?klp_\w+)$/.exec(event)
  return named?.[1] ?? null
}

/** The function as the source calls it: the compiler marks a clone with changed arguments in the symbol. */
function sourceName(symbol: string): string {
  return symbol.includes('.') ? symbol.replace(/\.(?:isra|constprop|llvm)\.\d+/g, '') : symbol
}
