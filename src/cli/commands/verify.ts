import type { SqliteLog, VerifyResult } from '../../events/index.ts'
import type { App } from '../app.ts'
import { defineCommand } from '../command.ts'
import { withLog } from '../database.ts'
import { exitCodes, UsageError } from '../errors.ts'
import { counted, type OutputOptions, printAnswer, withOutput } from '../output.ts'

interface VerifyOptions extends OutputOptions {
  readonly head?: string
}

/** What `-o json` gives: the result, and the commit whose digest was asked for (null: none has it). */
type Verified = VerifyResult & { readonly kept?: { readonly digest: string; readonly commit: number | null } }

/** `klplog verify`: is the log as it was written. */
export const verify = defineCommand<VerifyOptions>({
  name: 'verify',
  group: 'The log itself:',
  summary: 'check that no event was changed since it was written',
  description: `Recomputes every event's checksum and the digest of every commit, each of which covers all before it,
and prints the last one, the head. Whoever can write the file can also write a new chain of digests, so
keep the head somewhere else, and give it to --head the next time.

The exit code is 1 when something does not fit.`,
  examples: ['klplog verify', 'klplog verify --head "$(cat head-of-last-week)"'],
  define: (command) => {
    command.option('--head <digest>', 'a head that was printed earlier: it must be one of the commits')
    withOutput(command)
  },
  run: (app, options) =>
    withLog(app, async (log) => {
      if (options.head !== undefined) assertDigest(options.head)
      const result: Verified = await log.verify()
      const verified =
        options.head === undefined ? result : { ...result, kept: await find(log, options.head) }
      await printAnswer(app, options, verified, () => verifiedText(app, verified))
      const isFine = verified.ok && verified.kept?.commit !== null
      return isFine ? exitCodes.fine : exitCodes.found
    })
})

function assertDigest(text: string): void {
  if (/^[0-9a-f]{8,64}$/.test(text)) return
  throw new UsageError(
    `--head "${text}" is no digest`,
    'Give the 64 hex digits that `klplog verify` printed.'
  )
}

async function find(log: SqliteLog, digest: string): Promise<{ digest: string; commit: number | null }> {
  for (let after = 0; ; ) {
    const page = await log.commits(after, 1000)
    const found = page.find((commit) => commit.digest.startsWith(digest))
    const last = page.at(-1)
    if (found !== undefined || last === undefined) return { digest, commit: found?.number ?? null }
    after = last.number
  }
}

function verifiedText({ colors }: App, { ok, events, commits, head, fault, kept }: Verified): string {
  const lines = ok
    ? [`${colors.green('ok')}: ${counted(events, 'event')} in ${counted(commits, 'commit')}`, `head ${head}`]
    : []
  if (fault !== null) {
    lines.push(`${colors.red('damaged')}: event @${fault.position}: ${fault.reason}`)
    lines.push(`  Events before @${fault.position} are as they were written. Restore the log from a backup,`)
    lines.push('  or ingest its evidence into a new one.')
  }
  if (kept?.commit === null) {
    lines.push(`${colors.red('rewritten')}: no commit has the digest ${kept.digest}`)
    lines.push('  This is another log, or someone wrote it anew. Restore it from a backup.')
  } else if (kept !== undefined) {
    lines.push(`${kept.digest} is commit ${kept.commit}`)
  }
  return lines.join('\n')
}
