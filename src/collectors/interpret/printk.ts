import type { Goal } from '../../events/index.ts'
import { completionLogged } from './completion.ts'
import { enablePassed } from './enable.ts'
import type { Item, Knowledge } from './knowledge.ts'
import type { Teller } from './teller.ts'
import {
  type BlockedTask,
  objectPatched,
  transitionCancelled,
  transitionForced,
  transitionInitialised,
  transitionReversed,
  transitionStarted
} from './transition.ts'
import type { Unpatching } from './unpatch.ts'

/** What a line of the kernel log is interpreted with. */
interface PrintkContext {
  readonly k: Knowledge
  readonly t: Teller
  readonly unpatching: Unpatching
  readonly item: Item
}

interface Rule {
  readonly pattern: RegExp
  readonly means: (context: PrintkContext, match: RegExpExecArray) => void
}

const goalOfWord = (word: string | undefined): Goal => (word?.startsWith('un') ? 'unpatched' : 'patched')

/** The messages of kernel/livepatch/core.c and transition.c, without their `livepatch: ` prefix. */
const rules: readonly Rule[] = [
  {
    pattern: /^enabling patch '([^']+)'/,
    means: ({ k, t, item }, [, patch = '']) => enablePassed(k, t, patch, item)
  },
  {
    pattern: /^'([^']+)': initializing (un)?patching transition/,
    means: ({ k, t, item }, [, patch = '', un]) =>
      transitionInitialised(k, t, patch, goalOfWord(un), null, item)
  },
  {
    pattern: /^'([^']+)': starting (un)?patching transition/,
    means: ({ k, t, item }, [, patch = '', un]) => transitionStarted(k, t, patch, goalOfWord(un), item)
  },
  {
    pattern: /^'([^']+)': reversing transition from \w+ to (\w+)/,
    means: ({ k, t, item }, [, patch = '', to]) => transitionReversed(k, t, patch, goalOfWord(to), item)
  },
  {
    pattern: /^'([^']+)': canceling /,
    means: ({ k, t, item }, [, patch = '']) => transitionCancelled(k, t, patch, item)
  },
  {
    pattern: /^'([^']+)': (un)?patching complete/,
    means: ({ k, t, item }, [, patch = '', un]) => completionLogged(k, t, patch, goalOfWord(un), item)
  },
  { pattern: /^forcing remaining tasks/, means: ({ k, t, item }) => transitionForced(k, t, null, item) },
  { pattern: /^signaling remaining tasks/, means: ({ k, t, item }) => signaled(k, t, item) },
  {
    pattern: /^applying patch '([^']+)' to loading module '([^']+)'/,
    means: ({ k, t, item }, [, , module = '']) => moduleNamed(k, t, module, item)
  },
  {
    pattern: /^reverting patch '([^']+)' on unloading module '([^']+)'/,
    means: ({ k, t, unpatching, item }, [, patch = '', module = '']) =>
      unpatching.reverted(k, t, patch, module, item)
  },
  {
    pattern: /refusing to load module '([^']+)'/,
    means: ({ k, t, item }, [, module = '']) => refused(k, t, module, item)
  },
  {
    pattern: /^failed to enable patch '([^']+)'/,
    means: ({ k, t, item }, [message, patch = '']) => complained(k, t, patch, null, message, item)
  },
  {
    pattern: /^Livepatch patch \(([^)]+)\) is not compatible.*/,
    means: ({ k, t, item }, [message, patch = '']) => complained(k, t, patch, 22, message, item)
  },
  {
    pattern: /^module (\S+) is not marked as a livepatch module/,
    means: ({ k, t, item }, [message, patch = '']) => complained(k, t, patch, 22, message, item)
  },
  {
    pattern:
      /^(?:symbol |unresolvable ambiguity|pre-patch callback failed|failed to (?:patch|find|set|register)|kallsyms ).*/,
    means: ({ k }, [message]) => noteMessage(k, message)
  }
]

const triedTask =
  /^klp_try_switch_task: (.*):(\d+) (?:is (running)|(has an unreliable stack)|is sleeping on function (\S+))/

const callback =
  /^(\S+): (pre_patch|post_patch|pre_unpatch|post_unpatch)(?:_callback)?:? (\S+)(?:.*\bret=(-?\d+))?/

/** A line of the kernel log: returns the task that it says could not switch, for the caller to tell. */
export function interpretPrintk(context: PrintkContext, message: string): BlockedTask | null {
  if (!message.startsWith('livepatch: ')) {
    callbackRan(context, message)
    return null
  }
  const text = message.slice('livepatch: '.length)
  const tried = triedTask.exec(text)
  if (tried !== null) return blockedBy(tried, context.item)
  for (const rule of rules) {
    const match = rule.pattern.exec(text)
    if (match === null) continue
    rule.means(context, match)
    break
  }
  return null
}

function blockedBy([, comm = '', pid, running, unreliable, func]: RegExpExecArray, item: Item): BlockedTask {
  const reason = running ? 'running' : unreliable ? 'unreliable-stack' : 'sleeping'
  return { pid: Number(pid), comm, reason, function: func ?? null, item, by: null }
}

function callbackRan({ k, t, item }: PrintkContext, message: string): void {
  const match = callback.exec(message)
  if (match === null) return
  const [, patch = '', name, object = '', ret] = match
  if (!k.list.includes(patch) && !k.manifests.has(patch)) return
  const which = name as 'pre_patch' | 'post_patch' | 'pre_unpatch' | 'post_unpatch'
  seeObject({ k, t, item }, which, patch, object)
  t.tell(
    'callback.ran',
    { patch, callback: which, object, ret: ret === undefined ? null : Number(ret) },
    item
  )
}

/** An object is patched before its post_patch callback runs, and unpatched before its post_unpatch callback does. */
function seeObject(
  { k, t, item }: Pick<PrintkContext, 'k' | 't' | 'item'>,
  which: string,
  patch: string,
  object: string
): void {
  const isPatched = k.patchedObjects.isPatched(patch, object)
  const sawNot = `and no record shows ${object}`
  if (which === 'post_patch' && isPatched === false && k.hasEvery('klp_patch_object', item)) {
    t.tellHole(`${patch} runs post_patch, ${sawNot} patched`, item)
    objectPatched(k, t, patch, object, item, true)
  }
  if (which === 'post_unpatch' && isPatched === true && k.hasEvery('klp_unpatch_func', item)) {
    t.tellHole(`${patch} runs post_unpatch, ${sawNot} unpatched`, item)
    t.tell('object.unpatched', { patch, object, nopsOnly: false, functions: null }, item, true)
  }
}

function signaled(k: Knowledge, t: Teller, item: Item): void {
  if (k.transition === null) return
  t.tell('transition.signaled', { patch: k.transition.patch, goal: k.transition.goal }, item)
}

/** The log shows a module only when a patch is applied to it; with tracepoints it is known already. */
function moduleNamed(k: Knowledge, t: Teller, module: string, item: Item): void {
  if (k.modules.has(module)) return
  k.modules.add(module)
  t.tell('module.loaded', { module, livepatch: null, actor: null }, item, true)
  for (const patch of k.list) {
    const objects = k.manifests.get(patch)?.objects ?? []
    if (objects.some((object) => object.name === module)) objectPatched(k, t, patch, module, item, true)
  }
}

function refused(k: Knowledge, t: Teller, module: string, item: Item): void {
  // With the loader's system call in sight, its return tells when the module is really gone.
  if (k.isLoading(module) || !k.modules.delete(module)) return
  t.tell('module.unloaded', { module, reason: 'refused' }, item, true)
}

/** A refusal in words. With klp_enable_patch probed its return tells the errno, and this is its message. */
function complained(
  k: Knowledge,
  t: Teller,
  patch: string,
  errno: number | null,
  message: string,
  item: Item
): void {
  for (const enabling of k.enabling.values()) {
    if (enabling.patch !== patch) continue
    enabling.message ??= message
    return
  }
  t.tell(
    'patch.rejected',
    { patch, operation: 'enable', value: null, errno, message, actor: t.actor(null, item) },
    item
  )
}

/** A complaint that names no patch belongs to the only enable under way. */
function noteMessage(k: Knowledge, message: string): void {
  if (k.enabling.size !== 1) return
  for (const enabling of k.enabling.values()) enabling.message ??= message
}
