/** The events room: what happened. The catalogue of facts and the log that keeps them. */

export type { EventRow } from './canonical.ts'
export type { SysfsPatch } from './catalogue/host.ts'
export type { Actor, Goal, HookKind, KlpFunc, KlpObject, Policy } from './catalogue/shapes.ts'
export * from './catalogue.ts'
export * from './errors.ts'
export * from './event.ts'
export type * from './log.ts'
export { openSqliteLog, type SqliteLog, type SqliteLogOptions } from './sqlite-log.ts'
export type { LogTables } from './tables.ts'
export { exportLog, type ImportResult, importLog } from './transfer.ts'
export { fromWire, toWire, type WireEvent, wireEvent, wireRejected } from './wire.ts'
