import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Section, SectionResult } from './bench.ts'
import { Histories } from './histories.ts'
import { Machine } from './machine.ts'
import { printTable, writeJson } from './report.ts'
import { append } from './sections/append.ts'
import { at } from './sections/at.ts'
import { ingest } from './sections/ingest.ts'
import { model } from './sections/model.ts'
import { page } from './sections/page.ts'
import { read } from './sections/read.ts'
import { serve } from './sections/serve.ts'
import { size } from './sections/size.ts'

const sections: readonly Section[] = [append, read, at, ingest, size, serve, model, page]
const usage = `Usage: npm run bench -- [--only ${sections.map(({ name }) => name).join('|')}] [--quick]`

const { only, quick } = options()
const directory = mkdtempSync(join(tmpdir(), 'klplog-bench-'))
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    rmSync(directory, { recursive: true })
    process.exit(1)
  })
}
try {
  const chosen = only === null ? sections : [only]
  const results = await runAll(chosen)
  const name = [quick ? 'quick' : 'full', ...(only === null ? [] : [only.name])].join('-')
  const path = fileURLToPath(new URL(`results/${name}.json`, import.meta.url))
  writeJson(path, results, quick)
  printTable(results)
  console.log(`\nThe same as JSON: ${path}`)
} finally {
  rmSync(directory, { recursive: true })
}

function options(): { only: Section | null; quick: boolean } {
  try {
    const { values } = parseArgs({ options: { only: { type: 'string' }, quick: { type: 'boolean' } } })
    const found = sections.find(({ name }) => name === values.only)
    if (values.only !== undefined && found === undefined)
      throw new Error(`no section is called ${values.only}`)
    return { only: found ?? null, quick: values.quick === true }
  } catch (error) {
    console.error(`${(error as Error).message}\n${usage}`)
    process.exit(2)
  }
}

async function runAll(chosen: readonly Section[]): Promise<SectionResult[]> {
  const machine = new Machine(directory)
  const bench = { quick, directory, machine, histories: new Histories(directory) }
  const results: SectionResult[] = []
  for (const section of chosen) {
    console.error(`${section.name}…`)
    const start = performance.now()
    machine.look()
    const rows = await section.run(bench)
    machine.look()
    const seconds = (performance.now() - start) / 1000
    results.push({ section: section.name, seconds, contention: machine.contention(), rows })
  }
  machine.close()
  return results
}
