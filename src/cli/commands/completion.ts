import { Argument } from 'commander'
import { defineCommand } from '../command.ts'
import { bashCompletion } from '../completion/bash.ts'
import { fishCompletion } from '../completion/fish.ts'
import { completionTree } from '../completion/tree.ts'
import { zshCompletion } from '../completion/zsh.ts'

const shells = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion }

/** `klplog completion`: what a shell needs to complete our command lines. */
export const completion = defineCommand({
  name: 'completion',
  group: 'klplog itself:',
  summary: 'print the completion script of a shell',
  examples: [
    'source <(klplog completion bash)       # in ~/.bashrc',
    'source <(klplog completion zsh)        # in ~/.zshrc, behind compinit',
    'klplog completion fish | source        # in ~/.config/fish/config.fish'
  ],
  define: (command) => {
    command.addArgument(new Argument('<shell>', 'bash, zsh or fish').choices(Object.keys(shells)))
  },
  run: async (app, _options, [shell], program) => {
    await app.print(shells[shell as keyof typeof shells](completionTree(program)).trimEnd())
    return undefined
  }
})
