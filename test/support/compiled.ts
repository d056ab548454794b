import { execFileSync } from 'node:child_process'
import { copyFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')

/**
 * Compiles a file with all that it imports into a directory, and gives the path of the result: many processes
 * that each compile their source would take longer than all that they do.
 */
export function compiled(source: string, directory: string): string {
  const outDir = join(directory, 'compiled')
  const config = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      noEmit: false,
      noCheck: true,
      rootDir: root,
      outDir,
      typeRoots: [join(root, 'node_modules/@types')]
    },
    files: [source]
  }
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(config))
  execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', directory])
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'))
  copyFileSync(join(root, 'package.json'), join(directory, 'package.json'))
  return join(outDir, relative(root, source).replace(/\.ts$/, '.js'))
}
