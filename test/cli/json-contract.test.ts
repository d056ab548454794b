import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { ingestRecording, type Recording, recordings, snapshotsOf } from '../support/recordings.ts'
import { klplog, temporaryDirectory } from './command-line.ts'
import { contract, parseAnswer } from './contract.ts'

type Command = keyof typeof contract

async function withRecording(
  recording: Recording,
  use: (ask: (line: readonly string[]) => Promise<string>) => Promise<void>
): Promise<void> {
  const { log } = await ingestRecording(recording, () => true)
  const ask = async (line: readonly string[]) => {
    const { exitCode, stdout, stderr } = await klplog(line, { env: { KLPLOG_DB: log.path } })
    // 1 says that something was found.
    if (exitCode > 1) throw new Error(`klplog ${line.join(' ')}: ${stderr}`)
    return stdout
  }
  try {
    await use(ask)
  } finally {
    await log.dispose()
  }
}

function recordingOf(name: string): Recording {
  const found = recordings().find((one) => one.name === name)
  if (found === undefined) throw new Error(`no recording ${name}`)
  return found
}

/** Moments inside of each recording: when its snapshots were taken. */
function momentsOf(recording: Recording): string[] {
  return snapshotsOf(recording).map(({ t1 }) => `+${t1}ns`)
}

test.each(recordings())('the JSON of every command on $name is as the contract says', async (recording) => {
  await withRecording(recording, async (ask) => {
    const hold = async (command: Command, ...rest: string[]) =>
      parseAnswer(command, await ask([command, ...rest, '-o', 'json']))
    const moments = momentsOf(recording)
    const functions = new Set<string>()
    for (const at of moments) {
      const stack = (await hold('stack', '--at', at)) as { functions: { function: string }[] }
      await hold('hooks', '--at', at)
      for (const { function: key } of stack.functions) {
        functions.add(key)
        await hold('blame', key, '--at', at)
      }
      await hold('diff', 'boot', at)
    }
    for (const key of functions) await hold('runs', '--function', key)
    for (const command of ['gaps', 'blocking', 'check', 'streams', 'rejected', 'verify'] as const)
      await hold(command)
    const [event] = (await hold('log')) as { position: number }[]
    expect(await hold('show', `@${event?.position}`)).toMatchObject(event ?? {})

    for (const policy of ['mainline', 'hybrid', 'replace-set'])
      await hold('what-if', '--policy', policy, '--manifest', recording.manifest)
    for (const at of moments)
      await hold('preflight', recording.manifest, '--patch', 'lp_cumul_v1', '--at', at)

    const [at = '+0'] = moments.slice(-3)
    const questions = [
      ['stack', '--at', at],
      ['hooks', '--at', at],
      ['gaps'],
      ['log', '--type', 'patch,hook']
    ]
    for (const question of questions) {
      const whole = JSON.parse(await ask([...question, '-o', 'json'])) as unknown
      const lines = (await ask([...question, '-o', 'jsonl'])).split('\n').filter((line) => line !== '')
      const parsed = lines.map((line) => JSON.parse(line) as unknown)
      expect(Array.isArray(whole) ? parsed : parsed[0], question.join(' ')).toEqual(whole)
    }
  })
})

const scenarios = fileURLToPath(new URL('../../examples/', import.meta.url))

test.each(readdirSync(scenarios).filter((name) => name.endsWith('.yaml')))(
  'the JSON of simulate on %s is as the contract says',
  async (name) => {
    for (const check of [[], ['--check']]) {
      const { stdout } = await klplog(['simulate', join(scenarios, name), '-o', 'json', ...check], {})
      expect(parseAnswer('simulate', stdout)).toMatchObject({ ok: true })
    }
  }
)

test('the JSON of conform under a policy that the kernel did not have is as the contract says', async () => {
  const { path, manifest } = recordingOf('hyb-6f-nop-shadow')
  const { exitCode, stdout } = await klplog(
    ['conform', path, manifest, '--policy', 'mainline', '-o', 'json'],
    {}
  )
  const [answer] = parseAnswer('conform', stdout) as { divergences: unknown[] }[]
  expect(answer?.divergences).not.toEqual([])
  expect(exitCode).toBe(1)
})

const document = new URL('../../docs/json.md', import.meta.url)
const exampleForm = /^```\n\$ klplog (.*)\n```\n\n```json\n([\s\S]*?)^```$/gm

describe('docs/json.md', () => {
  test('names every field of every command', () => {
    const text = readFileSync(document, 'utf8')
    for (const [command, { one }] of Object.entries(contract)) {
      for (const field of Object.keys(one.shape)) {
        expect(text, `${command}: ${field}`).toMatch(new RegExp(`\`${field}(\\[\\])?\``))
      }
    }
  })

  test('shows of every command what it really prints', async () => {
    const recording = recordingOf('hyb-6f-nop-shadow')
    const shown = new Set<string>()
    await withRecording(recording, async (ask) => {
      const text = readFileSync(document, 'utf8')
      let updated = text
      for (const [whole, line = '', example = ''] of text.matchAll(exampleForm)) {
        const [command = ''] = line.replace('--db new.db ', '').split(' ')
        shown.add(command)
        const answer = parseAnswer(command as Command, await exampleOf(line, recording, ask))
        if (process.env.UPDATE_DOCS === undefined)
          expect(undigested(answer), line).toEqual(undigested(JSON.parse(example)))
        updated = updated.replace(whole, () => whole.replace(example, () => `${compact(answer)}\n`))
      }
      if (process.env.UPDATE_DOCS !== undefined) writeFileSync(document, updated)
    })
    // What simulate and replay print is long even for a short scenario, and a shipment needs a service: the page has
    // their fields alone.
    expect([...shown, 'simulate', 'replay', 'ingest --to'].sort()).toEqual(Object.keys(contract).sort())
  })
})

/** What a line of the document prints; its files are the recording's, its other databases new ones. */
async function exampleOf(
  line: string,
  recording: Recording,
  ask: (line: readonly string[]) => Promise<string>
): Promise<string> {
  const directory = temporaryDirectory()
  const places: Readonly<Record<string, string>> = {
    'hyb-6f-nop-shadow': recording.path,
    'modules.json': recording.manifest,
    'klplog.jsonl': join(directory.path, 'klplog.jsonl'),
    'new.db': join(directory.path, 'new.db')
  }
  try {
    if (line.includes(' import ')) await ask(['export', places['klplog.jsonl'] ?? ''])
    if (line.includes(' rejected ')) {
      const cut = join(directory.path, 'trace.txt')
      writeFileSync(cut, '          labctl-76      [001] .....     6.118\n')
      const naming = ['--format', 'ftrace', '--host', 'web1', '--boot', '1']
      await ask(['--db', places['new.db'] ?? '', 'ingest', cut, ...naming])
    }
    const printed = await ask(line.split(' ').map((word) => places[word] ?? word))
    return printed.replaceAll(`${recording.path}/`, 'hyb-6f-nop-shadow/').replaceAll(`${directory.path}/`, '')
  } finally {
    directory.remove()
  }
}

/** Digests cover where the evidence was read from, which is another place elsewhere. */
function undigested(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value).replace(/"[0-9a-f]{64}"/g, '"digest"'))
}

/** JSON in lines of at most 110 columns: what fits on one line stays on it. */
function compact(value: unknown, indent = ''): string {
  const flat = JSON.stringify(value, null, 1).replace(/\n */g, ' ')
  if (indent.length + flat.length <= 90 || typeof value !== 'object' || value === null) return flat
  const deeper = `${indent}  `
  const items = Array.isArray(value)
    ? (value as unknown[]).map((one) => compact(one, deeper))
    : Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}: ${compact(one, deeper)}`)
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}']
  return `${open}\n${items.map((item) => `${deeper}${item}`).join(',\n')}\n${indent}${close}`
}
