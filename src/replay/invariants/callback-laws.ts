import type { EventData } from '../../events/index.ts'
import type { World } from '../../kernel/index.ts'
import { defineInvariant, everywhere } from './invariant.ts'

interface Words {
  /** By `patch#life object`: p for a pre_patch that succeeded, P for one that failed, then q, u and v. */
  words: Map<string, string>
  lives: Map<string, number>
}

/** O4: B.15, for whatever of the four callbacks an object has. */
export const callbackWords = defineInvariant<Words>({
  id: 'O4',
  says: 'Callbacks come in the words of B.15 for each patch and object.',
  holds: everywhere,
  applies: everywhere,
  reads: ['patch.enabled', 'callback.ran'],
  brokenBy: ['post-unpatch-always'],
  start: () => ({ words: new Map(), lives: new Map() }),
  after: ({ words, lives }, _state, event, world) => {
    if (event.type === 'patch.enabled') lives.set(event.data.patch, (lives.get(event.data.patch) ?? 0) + 1)
    if (event.type !== 'callback.ran') return null
    const { patch, object } = event.data
    const life = lives.get(patch)
    // The life of a patch that was enabled before the evidence began is not known from its beginning.
    if (life === undefined) return null
    const key = `${patch}#${life} ${object}`
    const word = (words.get(key) ?? '') + letterOf(event.data)
    words.set(key, word)
    const has = new Set([...word.split(''), ...lettersOf(world, patch, object)])
    if (patternOf(has).test(word)) return null
    return {
      subject: `${patch} ${object}`,
      text: `${patch}'s callbacks for ${object} ran as ${spelled(word)}`
    }
  }
})

/** The words of B.15, as far as they are spoken; a callback that is not there is left out of them. */
function patternOf(has: ReadonlySet<string>): RegExp {
  const p = has.has('p') || has.has('P') ? 'p' : ''
  const [q, u, v] = ['q', 'u', 'v'].map((letter) => (has.has(letter) ? letter : '')) as [
    string,
    string,
    string
  ]
  const failed = p === '' ? '' : 'P|'
  return new RegExp(
    `^(?:${failed}${p}${v}|${p}${q}(?:${u}${q})*${u}${v})*(?:${p}(?:${q}(?:${u}${q})*(?:${u})?)?)?$`
  )
}

function letterOf({ callback, ret }: EventData<'callback.ran'>): string {
  if (callback === 'pre_patch') return ret === 0 || ret === null ? 'p' : 'P'
  return { post_patch: 'q', pre_unpatch: 'u', post_unpatch: 'v' }[callback]
}

/** The callbacks that the object is known to have. */
function lettersOf(world: World, patch: string, object: string): string[] {
  const callbacks =
    world.modules.get(patch)?.patch?.objects.find(({ name }) => name === object)?.callbacks ?? []
  return callbacks.map((callback) => letterOf({ patch, object, callback, ret: 0 }))
}

function spelled(word: string): string {
  const names: Record<string, string> = {
    p: 'pre_patch',
    P: 'pre_patch (failed)',
    q: 'post_patch',
    u: 'pre_unpatch',
    v: 'post_unpatch'
  }
  return word
    .split('')
    .map((letter) => names[letter])
    .join(', ')
}

/** O5: klp_unpatch_replaced_patches() calls nobody. */
export const replacedIsSilent = defineInvariant<{ replaced: Set<string> }>({
  id: 'O5',
  says: 'No callback of a patch runs once it has been replaced.',
  holds: everywhere,
  applies: everywhere,
  reads: ['patch.enabled', 'patch.replaced', 'callback.ran'],
  brokenBy: ['replaced-callbacks-run'],
  start: () => ({ replaced: new Set() }),
  after: ({ replaced }, _state, event) => {
    if (event.type === 'patch.replaced') replaced.add(event.data.patch)
    if (event.type === 'patch.enabled') replaced.delete(event.data.patch)
    if (event.type !== 'callback.ran' || !replaced.has(event.data.patch)) return null
    const { patch, callback, object } = event.data
    return { subject: patch, text: `${patch} was replaced, and its ${callback} ran for ${object}` }
  }
})
