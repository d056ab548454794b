import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { commands } from '../../src/cli/commands.ts'
import { klplog } from './command-line.ts'

describe('help', () => {
  it('lists every command, in lines that fit a terminal', async () => {
    const { exitCode, stdout, stderr } = await klplog(['--help'])
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    for (const { name } of commands) expect(stdout).toMatch(new RegExp(`^  ${name}\\b`, 'm'))
    expect(stdout).toContain('Exit codes: 0 fine, 1')
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(110)
  })

  it.each(commands.map(({ name }) => name))('of %s ends with an example', async (name) => {
    const { exitCode, stdout } = await klplog([name, '--help'])
    expect(exitCode).toBe(0)
    const examples = stdout.slice(stdout.indexOf('\nExamples:\n')).trimEnd().split('\n').slice(2)
    expect(examples.length).toBeGreaterThan(0)
    for (const example of examples) expect(example).toMatch(new RegExp(`^  .*klplog ${name}\\b`))
    expect(await klplog(['help', name])).toEqual({ exitCode: 0, stdout, stderr: '' })
  })

  it('tells the version of the package', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
    expect(await klplog(['--version'])).toEqual({ exitCode: 0, stdout: `${version}\n`, stderr: '' })
  })
})
