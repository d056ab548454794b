/** Something that is given again and again, and that many wait for. */
export class Signal {
  #given = 0
  readonly #waiting = new Set<() => void>()

  /** How often it was given: what to wait from, so that none is missed in between. */
  get count(): number {
    return this.#given
  }

  /** How many wait now. */
  get waiting(): number {
    return this.#waiting.size
  }

  give(): void {
    this.#given += 1
    for (const wake of [...this.#waiting]) wake()
  }

  /** Resolves when it has been given more often than that, after a while, or when who waits is gone. */
  async after(count: number, waitMs: number, gone: AbortSignal): Promise<void> {
    if (this.#given > count || gone.aborted) return
    await new Promise<void>((resolve) => {
      // Whoever has waited long enough is forgotten too: on a quiet log nothing else would do it.
      const wake = () => {
        clearTimeout(timer)
        gone.removeEventListener('abort', wake)
        this.#waiting.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, waitMs)
      gone.addEventListener('abort', wake)
      this.#waiting.add(wake)
    })
  }
}
