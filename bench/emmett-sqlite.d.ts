/**
 * What the bench uses of Emmett's SQLite store. Written down here, so that the project type checks without
 * bench/node_modules; where they are installed, this still is what counts.
 */
declare module '@event-driven-io/emmett-sqlite' {
  interface EmmettEvent {
    readonly type: string
    readonly data: unknown
    readonly metadata: Record<string, unknown>
  }

  interface EmmettStore {
    appendToStream(stream: string, events: readonly EmmettEvent[]): Promise<unknown>
    readStream(stream: string, options?: { from: bigint; to: bigint }): Promise<{ events: EmmettEvent[] }>
  }

  export function getSQLiteEventStore(options: { fileName: string }): EmmettStore
}
