import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commands } from '../../src/cli/commands.ts'
import { klplog, temporaryDirectory } from './command-line.ts'

const directory = temporaryDirectory()
const scripts: Record<string, string> = {}

beforeAll(async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { exitCode, stdout } = await klplog(['completion', shell])
    expect(exitCode).toBe(0)
    scripts[shell] = stdout
    writeFileSync(join(directory.path, shell), stdout)
  }
  writeFileSync(join(directory.path, 'trace.txt'), '')
})
afterAll(() => directory.remove())

function isInstalled(shell: string): boolean {
  return spawnSync(shell, ['-c', ':']).status === 0
}

/** What bash offers at the end of these words. */
function offered(...words: readonly string[]): string[] {
  const script = `source ./bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _klplog; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', 'klplog', ...words], {
    cwd: directory.path,
    encoding: 'utf8'
  })
  expect(stderr).toBe('')
  return stdout.split('\n').filter((line) => line !== '')
}

describe('completion', () => {
  it.for(['bash', 'zsh', 'fish'])('for %s is a script that the shell can read', (shell, { skip }) => {
    if (!isInstalled(shell)) return skip(`${shell} is not installed`)
    const { stderr } = spawnSync(shell, ['-n', shell], { cwd: directory.path, encoding: 'utf8' })
    expect(stderr).toBe('')
  })

  it.each(['bash', 'zsh', 'fish'])('for %s knows every command and all of its options', async (shell) => {
    const script = scripts[shell] ?? ''
    for (const { name } of commands) {
      expect(script).toContain(name)
      const { stdout } = await klplog([name, '--help'])
      for (const [, option = ''] of stdout.matchAll(/^ {2}(?:-\w, )?--([a-z-]+)/gm)) {
        expect(script).toMatch(
          shell === 'fish' ? new RegExp(`-l ${option}\\b`) : new RegExp(`--${option}\\b`)
        )
      }
    }
  })

  it.each(['zsh', 'fish'])('for %s has its quotes in pairs', (shell) => {
    const unescaped = (scripts[shell] ?? '').replaceAll(shell === 'zsh' ? "'\\''" : "\\'", '')
    for (const line of unescaped.split('\n')) expect(line.split("'").length % 2).toBe(1)
  })

  it.runIf(isInstalled('bash'))('in bash completes what the words before ask for', () => {
    expect(offered('')).toEqual([...commands.map(({ name }) => name), 'help'])
    expect(offered('in')).toEqual(['ingest'])
    expect(offered('--d')).toEqual(['--db'])
    expect(offered('--db', '')).toContain('trace.txt')
    expect(offered('--db', 'log.db', 'veri')).toEqual(['verify'])
    expect(offered('--db', '=', 'log.db', 'veri')).toEqual(['verify'])
    expect(offered('ingest', 'tr')).toEqual(['trace.txt'])
    expect(offered('ingest', '--pol')).toEqual(['--policy'])
    expect(offered('ingest', '--policy', '')).toEqual(['mainline', 'hybrid', 'replace-set'])
    expect(offered('ingest', '--policy', '=')).toEqual(['mainline', 'hybrid', 'replace-set'])
    expect(offered('ingest', '--policy', '=', 'h')).toEqual(['hybrid'])
    expect(offered('ingest', '--manifest', 'tr')).toEqual(['trace.txt'])
    expect(offered('stack', '-o', 'j')).toEqual(['json', 'jsonl'])
    expect(offered('stack', '--at', '')).toEqual([])
    expect(offered('streams', '')).toEqual([])
    expect(offered('completion', '')).toEqual(['bash', 'zsh', 'fish'])
    expect(offered('help', 'exp')).toEqual(['explore', 'export'])
  })

  it.runIf(isInstalled('bash'))('in bash is bound to the command', () => {
    const { stdout } = spawnSync('bash', ['-c', 'source ./bash; complete -p klplog'], {
      cwd: directory.path,
      encoding: 'utf8'
    })
    expect(stdout.trim()).toBe('complete -F _klplog klplog')
  })
})
