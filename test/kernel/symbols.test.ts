import { expect, it } from 'vitest'
import { mainline, plainModule } from '../../src/kernel/index.ts'
import { Host, livepatch, object } from './host.ts'

/** klp_find_object_symbol(), by what it says of a function of vmlinux or of a module. */
function logOf(where: string, sympos: number, count: number): string[] {
  const host = new Host(
    mainline,
    [
      livepatch('fix', [], { objects: [object(where, ['tea'], { sympos })] }),
      { ...plainModule, name: 'mod', functions: ['other', ...Array.from({ length: count }, () => 'tea')] }
    ],
    { symbolCounts: new Map([['tea', count]]) }
  )
  host.insmod('mod')
  const from = host.facts.length
  const ret = host.insmod('fix')
  const lines = host.log(from)
  return ret === 0 ? ['found'] : lines
}

it.each([
  ['vmlinux', 0, 1, 'found'],
  ['vmlinux', 1, 1, 'found'],
  ['vmlinux', 2, 2, 'found'],
  ['vmlinux', 1, 2, 'found'],
  ['vmlinux', 0, 0, "livepatch: symbol 'tea' not found in symbol table"],
  ['vmlinux', 1, 0, "livepatch: symbol 'tea' not found in symbol table"],
  ['vmlinux', 0, 2, "livepatch: unresolvable ambiguity for symbol 'tea' in object '(null)'"],
  ['mod', 0, 2, "livepatch: unresolvable ambiguity for symbol 'tea' in object 'mod'"],
  ['vmlinux', 3, 2, "livepatch: symbol position 3 for symbol 'tea' in object 'vmlinux' not found"],
  ['mod', 3, 2, "livepatch: symbol position 3 for symbol 'tea' in object 'mod' not found"],
  ['mod', 2, 2, 'found'],
  ['mod', 0, 0, "livepatch: symbol 'tea' not found in symbol table"]
])('%s, sympos %i of %i: %s', (where, sympos, count, line) => {
  expect(logOf(where, sympos, count)).toEqual([line])
})

it('functions of one name at different positions are different functions', () => {
  const functions = [
    { old: 'tea', new: 'tea_one', sympos: 1 },
    { old: 'tea', new: 'tea_two', sympos: 2 }
  ]
  const host = new Host(
    mainline,
    [livepatch('fix', [], { objects: [{ name: 'vmlinux', functions, callbacks: [] }] })],
    {
      symbolCounts: new Map([['tea', 2]])
    }
  )
  expect(host.insmod('fix')).toBe(0)
  expect([...host.state.stacks.keys()]).toEqual(['vmlinux:tea,1', 'vmlinux:tea,2'])
})
