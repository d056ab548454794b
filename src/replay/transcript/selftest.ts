import type { World } from '../../kernel/index.ts'
import { fileAt, hasAttribute, readAttribute, readProc, rightsOf } from './selftest-files.ts'
import { SelftestHost } from './selftest-host.ts'
import type { SelftestModules } from './selftest-modules.ts'
import { nestedOps, type SelftestOp, type Transcript } from './selftest-ops.ts'

/** What insmod says of an errno. */
const insmodTexts: Readonly<Record<number, string>> = {
  2: 'Unknown symbol in module',
  11: 'Resource temporarily unavailable',
  16: 'Device or resource busy',
  17: 'File exists',
  19: 'No such device',
  22: 'Invalid parameters'
}

/** The pid of the worker that a busy module keeps inside its function. */
const busyPid = 1000

/** The kernel log that a transcript's script leaves on the model. */
export interface SelftestLog {
  readonly lines: readonly string[]
  /** Modules whose own lines were taken from the transcript, because no model of them exists. */
  readonly echoed: readonly string[]
}

/**
 * Runs a selftest's script on the model: the lines that the kernel, the test modules and the script's own
 * helpers would leave in the kernel log. A check that fails leaves a line that begins with FAIL.
 */
export function runSelftest(
  { ops, expected }: Pick<Transcript, 'ops' | 'expected'>,
  modules: SelftestModules,
  world: World
): SelftestLog {
  const run = new SelftestRun(modules, world, expected)
  for (const op of ops) run.step(op)
  return { lines: run.lines, echoed: run.echoed }
}

class SelftestRun {
  readonly echoed: string[] = []
  readonly #host: SelftestHost
  readonly #modules: SelftestModules
  readonly #expected: readonly string[]
  readonly #variables = new Map<string, string>()
  /** Functions that were called since the tracing began; null while none is traced. */
  #called: Set<string> | null = null

  constructor(modules: SelftestModules, world: World, expected: readonly string[]) {
    this.#modules = modules
    this.#host = new SelftestHost(world)
    this.#expected = expected
  }

  get lines(): readonly string[] {
    return this.#host.lines
  }

  /** What the script does; the rest only looks. */
  step(op: SelftestOp): void {
    switch (op.op) {
      case 'load_lp':
      case 'load_mod':
      case 'load_lp_nowait':
        if (this.#load(op.mod, op.args) !== 0) this.#fail(`${op.mod} did not load`)
        if (op.op === 'load_lp') this.#host.settle()
        return
      case 'load_failing_mod':
        if (this.#load(op.mod, op.args) === 0) this.#fail(`${op.mod} loaded unexpectedly`)
        return
      case 'disable_lp':
        this.#shell(`echo 0 > /sys/kernel/livepatch/${op.mod}/enabled`)
        this.#host.perform({ op: 'write-enabled', patch: op.mod, value: '0' })
        this.#host.settle()
        return
      case 'unload_lp':
      case 'unload_mod':
        this.#unload(op.mod)
        return
      case 'set_pre_patch_ret': {
        const value = op.value ?? op.ret ?? '0'
        this.#shell(`echo ${value} > /sys/module/${op.mod}/parameters/pre_patch_ret`)
        this.#host.perform({ op: 'set-param', module: op.mod, param: 'pre_patch_ret', value })
        return
      }
      case 'set_ftrace_enabled':
        this.#setFtrace(op.value, op.may_fail)
        return
      case 'write':
        this.#host.write(pathOf(op), op.value)
        return
      case 'log':
        this.#host.lines.push(
          op.msg.replace(/\$(\w+)/g, (_all, name: string) => this.#variables.get(name) ?? '')
        )
        return
      case 'trace_function':
        this.#called = new Set()
        return
      case 'if_sysfs_exists':
        if (hasAttribute(this.#host.state, op.mod, op.attr)) for (const one of nestedOps(op)) this.step(one)
        return
      default:
        this.#look(op)
    }
  }

  /** The operations that look at what there is, and say so only when it is wrong, or when asked to. */
  #look(op: SelftestOp): void {
    switch (op.op) {
      case 'check_sysfs_value':
        this.#want(`${op.mod}/${op.attr}`, readAttribute(this.#host.state, op.mod, op.attr), op.expect)
        return
      case 'check_sysfs_rights':
        this.#want(`the rights of ${op.mod}/${op.attr}`, rightsOf(op.attr), op.expect)
        return
      case 'wait_sysfs':
        this.#waitSysfs(pathOf(op), op.value ?? op.expect)
        return
      case 'read_sysfs':
        this.#variables.set(op.into, this.#host.read(op.path ?? op.file ?? '') ?? '0')
        return
      case 'assert_klp_dir_count':
      case 'wait_klp_dir_count':
        if (op.op === 'wait_klp_dir_count') this.#host.settle()
        this.#want(
          'the number of livepatches',
          String(this.#host.state.patches.length),
          String(op.n ?? op.count ?? op.expect ?? op.value)
        )
        return
      case 'grep_to_kmsg': {
        const text = this.#read(op.file)
        if (text.includes(op.pattern)) this.#host.lines.push(text)
        return
      }
      case 'fail_if_read': {
        const text = this.#read(op.file)
        if ((text === op.value) === (op.cmp === '==')) this.#fail(`${op.file} reads ${text}`)
        return
      }
      case 'log_if_read':
        if ((this.#read(op.file) === op.value) === (op.cmp === '==')) this.#host.lines.push(op.msg)
        return
      case 'check_traced_functions':
        for (const name of op.funcs)
          if (this.#called?.has(name) !== true) this.#fail(`${name} was not called`)
        return
      default:
        // The tasks of a test only hammer the patched function; the model's are those that it names.
        return
    }
  }

  #load(name: string, args: readonly string[]): number {
    const command = `insmod test_modules/${name}.ko${args.map((arg) => ` ${arg}`).join('')}`
    this.#shell(command)
    const params = Object.fromEntries(args.map((arg) => arg.split(/=(.*)/s).slice(0, 2) as [string, string]))
    const ret = this.#host.perform({ op: 'insmod', module: name, params })
    if (ret !== 0) {
      const text = insmodTexts[-ret] ?? `error ${-ret}`
      this.#host.lines.push(`insmod: ERROR: could not insert module test_modules/${name}.ko: ${text}`)
    }
    if (this.#modules.unmodelled.has(name)) this.#echo(name, command)
    const busy = this.#modules.busy.get(name)
    if (ret !== 0 || busy === undefined) return ret
    if (!this.#isBlocking(name)) {
      this.#host.lines.push(...busy.unblockedInit)
      return ret
    }
    this.#host.perform({ op: 'start-task', pid: busyPid, comm: 'kworker/0:1' })
    this.#host.perform({ op: 'call', task: busyPid, object: name, function: busy.function })
    return ret
  }

  /** The lines of a module that tests an API of its own: what stands between its insmod and its rmmod. */
  #echo(name: string, command: string): void {
    const from = this.#expected.indexOf(`% ${command}`)
    const to = this.#expected.indexOf(`% rmmod ${name}`, from)
    if (from >= 0) this.#host.lines.push(...this.#expected.slice(from + 1, to < 0 ? undefined : to))
    this.echoed.push(name)
  }

  /** A busy module's exit lets its worker go first, and waits for it. */
  #unload(name: string): void {
    this.#shell(`rmmod ${name}`)
    const busy = this.#modules.busy.get(name)
    if (busy !== undefined && this.#isBlocking(name)) {
      this.#host.lines.push(...busy.exits)
      this.#host.perform({ op: 'return', task: busyPid })
      this.#host.perform({ op: 'exit-task', task: busyPid })
    }
    const ret = this.#host.perform({ op: 'rmmod', module: name })
    if (ret !== 0) this.#fail(`${name} did not unload (${ret})`)
  }

  #isBlocking(name: string): boolean {
    return /^[yY1]/.test(this.#host.state.settings.get(`${name}.block_transition`) ?? '')
  }

  #setFtrace(value: string, mayFail: boolean): void {
    const ret = this.#host.perform({ op: 'sysctl', name: 'kernel.ftrace_enabled', value })
    if (ret === 0) this.#host.lines.push(`livepatch: kernel.ftrace_enabled = ${value}`)
    else if (!mayFail) this.#fail(`kernel.ftrace_enabled stays as it is (${ret})`)
    else
      this.#host.lines.push('livepatch: sysctl: setting key "kernel.ftrace_enabled": Device or resource busy')
  }

  #read(path: string): string {
    const { text, ran } = readProc(this.#host.state, this.#modules, path)
    this.#called?.add(ran)
    return text
  }

  /** What the model cannot read, such as a test module's own files, is taken to be there in time. */
  #waitSysfs(path: string, wanted: string | undefined): void {
    if (wanted === undefined || fileAt(path).kind === 'other') return
    this.#want(path, this.#host.waitFor(path, wanted), wanted)
  }

  #want(what: string, value: string | null, expected: string): void {
    if (value !== expected) this.#fail(`${what} is ${value}, expected ${expected}`)
  }

  #fail(what: string): void {
    this.#host.lines.push(`FAIL: ${what}`)
  }

  #shell(command: string): void {
    this.#host.lines.push(`% ${command}`)
  }
}

/** The file that an operation names: whole, or as a livepatch's attribute. */
function pathOf(op: Extract<SelftestOp, { op: 'write' | 'wait_sysfs' }>): string {
  return op.path ?? op.file ?? `/sys/kernel/livepatch/${op.mod}/${op.attr}`
}
