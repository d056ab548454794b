import type { SysfsPatch } from '../events/index.ts'
import type { Changes } from './changes.ts'
import { insertObject, removeFromStacks, touchFunctions } from './stack.ts'
import { type FuncState, functionKey, type KernelState, type ObjectState, type PatchState } from './state.ts'

type Differs = (what: string, mine: string | number, theirs: string | number) => void

/** The objects and functions of a patch: what sysfs shows of them, and what a quiet one shows no more. */
export function compareObjects(
  state: KernelState,
  patch: PatchState,
  sysfs: SysfsPatch,
  differs: Differs,
  changes: Changes
): void {
  for (const theirs of sysfs.objects) {
    let mine = patch.objects.find((object) => object.name === theirs.name)
    if (mine === undefined) {
      differs(`object ${theirs.name}`, 'absent', 'present')
      mine = { name: theirs.name, patched: false, dynamic: false, functions: [], postUnpatchDue: false }
      patch.objects.push(mine)
    }
    const known = new Set(mine.functions.map((func) => functionKey(theirs.name, func.name, func.sympos)))
    const missing = theirs.functions.filter(
      (func) => !known.has(functionKey(theirs.name, func.name, func.sympos))
    )
    if (missing.length > 0) {
      differs(`functions of ${theirs.name}`, `without ${missing.map((f) => f.name).join(', ')}`, 'with them')
      // What a replacing patch shows in transition beyond its own functions are its nops.
      const nop = sysfs.transition && patch.objectsKnown && patch.replace === true
      mine.functions.push(...missing.map((func) => ({ ...funcOf(func), nop })))
      if (mine.patched) insertObject(state, patch, mine, changes)
    }
    if (theirs.patched !== null && theirs.patched !== mine.patched) {
      differs(`${theirs.name}/patched`, Number(mine.patched), Number(theirs.patched))
      touchFunctions(patch, changes)
      if (theirs.patched) insertObject(state, patch, mine, changes)
      else removeFromStacks(state, patch, mine, () => true, changes)
      mine.patched = theirs.patched
    }
  }
  if (!sysfs.transition) dropUnlisted(state, patch, sysfs, differs, changes)
}

/** Nops vanish with the end of the transition; a kind of snapshot that shows no functions at all says nothing. */
function dropUnlisted(
  state: KernelState,
  patch: PatchState,
  sysfs: SysfsPatch,
  differs: Differs,
  changes: Changes
): void {
  if (sysfs.objects.length === 0) return
  for (const mine of [...patch.objects]) {
    const theirs = sysfs.objects.find((object) => object.name === mine.name)
    if (theirs !== undefined && theirs.functions.length === 0) continue
    const listed = new Set(theirs?.functions.map((func) => functionKey(mine.name, func.name, func.sympos)))
    const isGone = (func: FuncState) => !listed.has(functionKey(mine.name, func.name, func.sympos))
    const gone = mine.functions.filter(isGone)
    if (gone.length > 0) {
      differs(`functions of ${mine.name}`, `with ${gone.map((func) => func.name).join(', ')}`, 'without them')
      removeFromStacks(state, patch, mine, isGone, changes)
      mine.functions = mine.functions.filter((func) => !isGone(func))
    }
    if (theirs === undefined) dropObject(patch, mine, differs)
  }
}

function dropObject(patch: PatchState, object: ObjectState, differs: Differs): void {
  differs(`object ${object.name}`, 'present', 'absent')
  patch.objects.splice(patch.objects.indexOf(object), 1)
}

/** A function as sysfs shows it: whether it is a nop, sysfs does not tell. */
export function funcOf(func: SysfsPatch['objects'][number]['functions'][number]): FuncState {
  return { name: func.name, sympos: func.sympos, newName: func.newName, nop: false }
}
