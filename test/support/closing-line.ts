import type { Reporter, TestModule } from 'vitest/node'

/**
 * Ends the run's output with `N passed, N failed`, and `, N skipped` when any. What failed outside of a test (a file
 * that does not load, a hook, an error that nobody caught) counts as one failure, so that a bad run never ends in
 * `0 failed`.
 */
export class ClosingLine implements Reporter {
  #line = ''

  onInit(): void {
    process.once('exit', () => process.stdout.write(this.#line))
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        count[state === 'pending' ? 'skipped' : state] += 1
      }
      count.failed += module.errors().length
      for (const suite of module.children.allSuites()) count.failed += suite.errors().length
    }
    const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : ''
    this.#line = `${count.passed} passed, ${count.failed} failed${skipped}\n`
  }
}
