import { decide, type Operation } from '../../kernel/index.ts'
import { insertedBefore, nextDelayed, nextReplaced } from './ahead.ts'
import type { KernelFault, Place } from './fault.ts'

type Attach = Extract<Operation, { op: 'attach' }>

/** What goes wrong with programs on the functions of livepatches. */
export const hookFaults: readonly KernelFault[] = [
  {
    name: 'attach-late',
    says: 'A program is attached only behind all that lies ahead.',
    inject: (place) => (nextAttach(place) !== null && place.ahead.length > 1 ? [nextDelayed(place, '')] : [])
  },
  {
    name: 'attach-fails',
    says: 'An attach fails, and nobody tries again.',
    inject: (place) => (nextAttach(place) === null ? [] : [nextReplaced(place, '', null)])
  },
  {
    name: 'attach-on-wrong-version',
    says: "A program is attached to another livepatch's version of its function.",
    inject: (place) => {
      const attach = nextAttach(place)
      return attach === null
        ? []
        : otherVersions(place, attach).map((other) => nextReplaced(place, other.symbol, other))
    }
  },
  {
    name: 'detach',
    says: 'A program is detached.',
    inject: (place) =>
      place.state.hooks.map(({ key, program }) => insertedBefore(place, key, { op: 'detach', program }))
  },
  {
    name: 'rmmod-under-hook',
    says: 'The module that a program hangs on is unloaded under it.',
    inject: (place) => {
      const modules = new Set(place.state.hooks.flatMap(({ module }) => (module === null ? [] : [module])))
      return [...modules]
        .filter(
          (module) =>
            decide(place.state, { op: 'rmmod', module }, place.world, place.state.uptimeNs).ret === 0
        )
        .map((module) => insertedBefore(place, module, { op: 'rmmod', module }))
    }
  }
]

function nextAttach({ ahead }: Place): Attach | null {
  const next = ahead[0]?.operation
  return next?.op === 'attach' ? next : null
}

/** The same attach to functions of the name, or of the same old function, in the other livepatches that are loaded. */
function otherVersions({ state, world }: Place, attach: Attach): Attach[] {
  const [module, name] = splitSymbol(attach.symbol)
  const old = oldNameOf(world.modules.get(module ?? '')?.patch?.objects ?? [], name)
  const others: Attach[] = []
  for (const [other, { livepatch }] of state.modules) {
    if (other === module || livepatch !== true) continue
    const functions = world.modules.get(other)?.patch?.objects.flatMap((object) => object.functions) ?? []
    const same = functions.find((func) => func.new === name || func.old === old)
    // Its address is not that of the right version, and nothing tells what it is.
    const { address: _, ...rest } = attach
    if (same !== undefined) others.push({ ...rest, symbol: `${other}:${same.new}` })
  }
  return others
}

function splitSymbol(symbol: string): [string | null, string] {
  const colon = symbol.indexOf(':')
  return colon < 0 ? [null, symbol] : [symbol.slice(0, colon), symbol.slice(colon + 1)]
}

function oldNameOf(
  objects: readonly { readonly functions: readonly { readonly old: string; readonly new: string }[] }[],
  name: string
): string {
  return objects.flatMap(({ functions }) => functions).find((func) => func.new === name)?.old ?? name
}
