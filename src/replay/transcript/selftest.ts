import { type Operation, perform, type World } from '../../kernel/index.ts'
import { emptyState, type KernelState, ORIGINAL, stackView, versionAt } from '../../projections/index.ts'
import type { SelftestModules } from './selftest-modules.ts'
import { readOp, type SelftestOp } from './selftest-ops.ts'

/** What insmod says of an errno. */
const insmodTexts: Readonly<Record<number, string>> = {
  2: 'Unknown symbol in module',
  11: 'Resource temporarily unavailable',
  16: 'Device or resource busy',
  17: 'File exists',
  19: 'No such device',
  22: 'Invalid parameters'
}

/** More rounds of the delayed work than any test needs. */
const roundsMax = 100

/** The pid of the worker that a busy module keeps inside its function. */
const busyPid = 1000

/**
 * Runs a selftest's script on the model: the lines that the kernel, the test modules and the script's own
 * helpers would leave in the kernel log. A check that fails leaves a line that begins with FAIL.
 */
export function runSelftest(ops: readonly SelftestOp[], modules: SelftestModules, world: World): string[] {
  const run = new SelftestRun(modules, world)
  for (const op of ops) run.step(op)
  return run.log
}

class SelftestRun {
  readonly log: string[] = []
  readonly #modules: SelftestModules
  readonly #world: World
  readonly #state: KernelState = emptyState()
  readonly #variables = new Map<string, string>()
  #uptimeNs = 1_000_000_000n

  constructor(modules: SelftestModules, world: World) {
    this.#modules = modules
    this.#world = world
    this.#state.policy = world.rules.name
    this.#state.hasStackOrder = world.traits.hasStackOrder && world.rules.name !== 'replace-set'
  }

  step(op: SelftestOp): void {
    switch (op.op) {
      case 'load_lp':
      case 'load_mod':
      case 'load_lp_nowait':
        this.#load(op.mod, op.args)
        if (op.op === 'load_lp') this.#settle()
        break
      case 'load_failing_mod':
        this.#load(op.mod, op.args)
        break
      case 'disable_lp':
        this.#shell(`echo 0 > /sys/kernel/livepatch/${op.mod}/enabled`)
        this.#perform({ op: 'write-enabled', patch: op.mod, value: '0' })
        this.#settle()
        break
      case 'unload_lp':
      case 'unload_mod':
        this.#unload(op.mod)
        break
      case 'set_pre_patch_ret':
        this.#shell(`echo ${op.value} > /sys/module/${op.mod}/parameters/pre_patch_ret`)
        this.#perform({ op: 'set-param', module: op.mod, param: 'pre_patch_ret', value: String(op.value) })
        break
      case 'set_ftrace_enabled':
        this.#setFtrace(String(op.value))
        break
      case 'log':
        this.log.push(op.msg.replace(/\$(\w+)/g, (_all, name: string) => this.#variables.get(name) ?? ''))
        break
      case 'read_sysfs':
        // npids counts the hammering processes that have not been seen in the new function: waited for before.
        this.#variables.set(op.into, '0')
        break
      default:
        this.#look(op)
    }
  }

  /** The operations that look at what there is, and say so only when it is wrong, or when asked to. */
  #look(op: SelftestOp): void {
    switch (op.op) {
      case 'check_sysfs_value': {
        const value = this.#sysfs(op.mod, op.attr)
        if (value !== op.expect)
          this.log.push(`FAIL: ${op.mod}/${op.attr} is ${value}, expected ${op.expect}`)
        break
      }
      case 'check_sysfs_rights': {
        const rights = op.attr === '' ? 'drwxr-xr-x' : rightsOf(op.attr)
        if (rights !== op.expect)
          this.log.push(`FAIL: ${op.mod}/${op.attr} has ${rights}, expected ${op.expect}`)
        break
      }
      case 'if_sysfs_exists':
        if (this.#sysfs(op.mod, op.attr) !== null) for (const inner of op.then) this.step(readOp(inner))
        break
      case 'grep_to_kmsg':
        if (this.#read(op.file).includes(op.pattern)) this.log.push(this.#read(op.file))
        break
      case 'fail_if_read':
        if ((this.#read(op.file) === op.value) === (op.cmp === '==')) {
          this.log.push(`FAIL: ${op.file} reads ${this.#read(op.file)}`)
        }
        break
      case 'log_if_read':
        if ((this.#read(op.file) === op.value) === (op.cmp === '==')) this.log.push(op.msg)
        break
    }
  }

  #load(name: string, args: readonly string[]): void {
    this.#shell(`insmod test_modules/${name}.ko${args.map((arg) => ` ${arg}`).join('')}`)
    const params = Object.fromEntries(args.map((arg) => arg.split(/=(.*)/s).slice(0, 2) as [string, string]))
    const ret = this.#perform({ op: 'insmod', module: name, params })
    if (ret !== 0) {
      const text = insmodTexts[-ret] ?? `error ${-ret}`
      this.log.push(`insmod: ERROR: could not insert module test_modules/${name}.ko: ${text}`)
    }
    const busy = this.#modules.busy.get(name)
    if (ret !== 0 || busy === undefined) return
    if (!this.#isBlocking(name)) {
      this.log.push(...busy.unblockedInit)
      return
    }
    this.#perform({ op: 'start-task', pid: busyPid, comm: 'kworker/0:1' })
    this.#perform({ op: 'call', task: busyPid, object: name, function: busy.function })
  }

  /** A busy module's exit lets its worker go first, and waits for it. */
  #unload(name: string): void {
    this.#shell(`rmmod ${name}`)
    const busy = this.#modules.busy.get(name)
    if (busy !== undefined && this.#isBlocking(name)) {
      this.log.push(...busy.exits)
      this.#perform({ op: 'return', task: busyPid })
      this.#perform({ op: 'exit-task', task: busyPid })
    }
    this.#perform({ op: 'rmmod', module: name })
  }

  #isBlocking(name: string): boolean {
    return /^[yY1]/.test(this.#state.settings.get(`${name}.block_transition`) ?? '')
  }

  #setFtrace(value: string): void {
    const ret = this.#perform({ op: 'sysctl', name: 'kernel.ftrace_enabled', value })
    const said =
      ret === 0
        ? `livepatch: kernel.ftrace_enabled = ${value}`
        : 'livepatch: sysctl: setting key "kernel.ftrace_enabled": Device or resource busy'
    this.log.push(said)
  }

  /** The delayed works get their turn until nothing is left to do, as the scripts wait for. */
  #settle(): void {
    for (let round = 0; round < roundsMax && this.#state.transition !== null; round += 1)
      this.#perform({ op: 'try' })
    for (const { name } of this.#state.patches.filter((patch) => patch.offList)) {
      this.#perform({ op: 'free', patch: name })
    }
  }

  #shell(command: string): void {
    this.log.push(`% ${command}`)
  }

  /** The selftests switch the debug lines of single tries off. */
  #perform(operation: Operation): number {
    this.#uptimeNs += 1_000_000n
    const { facts, ret } = perform(this.#state, operation, this.#world, this.#uptimeNs)
    for (const fact of facts) {
      if (fact.type !== 'kernel.printed' || fact.data.message.includes('klp_try_switch_task')) continue
      this.log.push(fact.data.message)
    }
    return ret
  }

  /** An attribute under /sys/kernel/livepatch; null where there is none. */
  #sysfs(path: string, attribute: string): string | null {
    const [name = '', ...inside] = [...path.split('/'), ...attribute.split('/')].filter((part) => part !== '')
    const patch = stackView('', this.#state).patches.find((one) => one.name === name)
    if (patch === undefined) return null
    const [first = '', second] = inside
    if (second === 'patched') {
      const object = patch.objects.find((one) => one.name === first)
      return object === undefined ? null : String(Number(object.patched))
    }
    const values: Record<string, number | boolean | null> = {
      enabled: patch.enabled,
      transition: patch.transition,
      replace: this.#world.rules.name === 'replace-set' ? null : patch.replace,
      replaceable: patch.replaceable,
      replace_set: patch.replaceSet,
      stack_order: patch.stackOrder
    }
    const value = values[first] ?? null
    return value === null ? null : String(Number(value))
  }

  /** What a /proc file prints: the patched function's words, or the original's. */
  #read(file: string): string {
    const name = this.#modules.procFiles.get(file) ?? ''
    for (const key of this.#state.stacks.keys()) {
      if (!key.endsWith(`:${name},1`)) continue
      const version = versionAt(this.#state, key, 1)
      if (version !== ORIGINAL) return this.#modules.outputs.get(version) ?? ''
    }
    for (const [module, spec] of this.#modules.specs) {
      if (spec.functions.includes(name) && this.#state.modules.has(module))
        return this.#modules.outputs.get(module) ?? ''
    }
    return 'original'
  }
}

function rightsOf(attribute: string): string {
  const file = attribute.slice(attribute.lastIndexOf('/') + 1)
  if (file === 'enabled' || file === 'replaceable') return '-rw-r--r--'
  return file === 'force' ? '--w-------' : '-r--r--r--'
}
