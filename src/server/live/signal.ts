/** Something that is given again and again, and that many wait for. */
export class Signal {
  #given = 0
  #waiting: (() => void)[] = []

  /** How often it was given: what to wait from, so that none is missed in between. */
  get count(): number {
    return this.#given
  }

  give(): void {
    this.#given += 1
    const waiting = this.#waiting
    this.#waiting = []
    for (const wake of waiting) wake()
  }

  /** Resolves when it has been given more often than that, or after a while. */
  async after(count: number, waitMs: number): Promise<void> {
    if (this.#given > count) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(wake, waitMs)
      function wake(): void {
        clearTimeout(timer)
        resolve()
      }
      this.#waiting.push(wake)
    })
  }
}
