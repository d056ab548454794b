/** A value that others watch. */
export class Store<Value extends object> {
  #value: Value
  readonly #watchers = new Set<() => void>()

  constructor(value: Value) {
    this.#value = value
  }

  get value(): Value {
    return this.#value
  }

  set(change: Partial<Value>): void {
    this.#value = { ...this.#value, ...change }
    for (const watcher of this.#watchers) watcher()
  }

  /** Calls the watcher at each change; returns how to stop. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }
}
