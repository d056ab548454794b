/** The events room: what happened. The catalogue of facts and the log that keeps them. */
export * from './catalogue.ts'
export type { SysfsPatch } from './catalogue/host.ts'
export type { Actor, Goal, HookKind, KlpFunc, KlpObject, Policy } from './catalogue/shapes.ts'
export * from './event.ts'
export type * from './log.ts'
export { openSqliteLog, type SqliteLog, type SqliteLogOptions } from './sqlite-log.ts'
export * from './errors.ts'
