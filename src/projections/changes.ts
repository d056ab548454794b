/** What one event changed, so that the read models look only there. Cleared by whoever read it. */
export class Changes {
  /** Function keys whose stack, or whose view for some tasks, may have changed. */
  readonly functions = new Set<string>()
  patches = false
  transition = false
  hooks = false
  doubt = false

  get any(): boolean {
    return this.patches || this.transition || this.hooks || this.doubt || this.functions.size > 0
  }

  clear(): void {
    this.functions.clear()
    this.patches = false
    this.transition = false
    this.hooks = false
    this.doubt = false
  }
}
