import { Option } from 'commander'
import { type IngestJob, ingest, readKernelLog } from '../../collectors/index.ts'
import { openSqliteLog, type Policy, type StoredEvent } from '../../events/index.ts'
import {
  type Conformance,
  conform as conformTo,
  type ManifestModules,
  recordedWorld,
  rulesOf
} from '../../replay/index.ts'
import type { App } from '../app.ts'
import { defineCommand } from '../command.ts'
import { exitCodes, InputError } from '../errors.ts'
import { gatherEvidence } from '../evidence.ts'
import { planIngest } from '../ingest-plan.ts'
import { readManifests } from '../manifest-file.ts'
import { type OutputOptions, printAnswer, withOutput } from '../output.ts'

interface ConformOptions extends OutputOptions {
  readonly manifest?: readonly string[]
  readonly policy?: Policy
}

/** `klplog conform`: does the model explain this recording? */
export const conform = defineCommand<ConformOptions>({
  name: 'conform',
  group: 'The model:',
  summary: 'run the kernel model beside a recording, and say where it does not explain it',
  description: `Takes the operations that a recording shows (commands, and what tasks did), runs the model of the
kernel on them, and compares: the events of each mechanism in their order, errnos, the kernel log, sysfs and
what functions returned in the quiet moments.

Each path is a recording, as for ingest; a manifest says what the patches patch. Nothing is stored. The exit
code is 1 when something is not explained.`,
  examples: [
    'klplog conform recording modules.json',
    'klplog conform hyb-* --manifest modules.json --policy hybrid -o json'
  ],
  define: (command) => {
    command.argument('<paths...>', 'recordings, and manifests of their patches')
    command.addOption(
      new Option('--policy <name>', 'the policy to explain it by; as recognised by default').choices(
        Object.keys(rulesOf)
      )
    )
    command.option(
      '--manifest <file>',
      'what the patches patch (modules.json); may be given again',
      (file: string, before?: readonly string[]) => [...(before ?? []), file]
    )
    withOutput(command)
  },
  run: async (app, options, paths) => {
    const evidence = await gatherEvidence(paths, options, app.io.stdin)
    const planned = await planIngest(evidence, { bootTimeNs: null, policy: options.policy ?? null })
    const results: Conformance[] = []
    for (const { job } of planned) results.push(await conformJob(job))
    await printAnswer(app, options, results, () => results.map((one) => text(app, one)).join('\n'))
    return results.some((one) => one.divergences.length > 0) ? exitCodes.found : undefined
  }
})

async function conformJob(job: IngestJob): Promise<Conformance> {
  const modules = modulesOf(job)
  const log = await openSqliteLog({ path: ':memory:', durable: false })
  const { policy } = await ingest(log, job)
  const history: StoredEvent[] = []
  for await (const page of log.read({ stream: job.stream })) history.push(...page)
  await log.close()
  if (policy === null) {
    throw new InputError(
      `${job.stream}: no snapshot of sysfs tells the kernel's policy`,
      'Give it with --policy.'
    )
  }
  const kernelLog = await readKernelLog(job.sources)
  const world = recordedWorld(history, modules.specs, rulesOf[policy], kernelLog ?? [])
  return conformTo({ name: job.stream, history, log: kernelLog, returns: modules.returns }, world)
}

/** What the patches are made of, down to their callbacks, which no trace tells. */
function modulesOf({ sources, stream }: IngestJob): ManifestModules {
  const files = sources.filter(({ format }) => format.name === 'manifest')
  if (files.length === 0) {
    throw new InputError(
      `${stream}: no manifest says what its patches patch`,
      'Name one: klplog conform DIR modules.json'
    )
  }
  return readManifests(files.map(({ source }) => source.name))
}

function text(
  { colors }: App,
  { recording, policy, operations, explained, divergences }: Conformance
): string {
  const verdict = divergences.length === 0 ? colors.green('explained') : colors.red('not explained')
  const lines = [`${recording} (${policy}): ${explained} of ${operations} operations, ${verdict}`]
  for (const one of divergences) {
    const place = one.position === null ? '' : ` @${one.position}`
    lines.push(`  ${one.operation}${place}: ${one.mechanism}`)
    lines.push(
      `    expected: ${one.expected ?? 'nothing more'}`,
      `    observed: ${one.observed ?? 'nothing more'}`
    )
    for (const evidence of one.evidence) lines.push(`    evidence: ${evidence}`)
  }
  return lines.join('\n')
}
