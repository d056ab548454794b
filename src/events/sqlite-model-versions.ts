import { StoreError } from './errors.ts'
import type { ReadModel } from './log.ts'
import type { Connection } from './sqlite-connection.ts'
import { prepare } from './sqlite-statement.ts'

/**
 * The read models whose rows are of an older version, or that nobody has kept so far.
 * @throws StoreError when the rows of one are of a newer version
 */
export function outdatedModels(connection: Connection, models: readonly ReadModel[]): readonly ReadModel[] {
  if (models.length === 0) return []
  const { kysely, path } = connection
  const statement = prepare(
    connection,
    kysely.selectFrom('read_models').select('version').where('name', '=', '')
  ).pluck()
  return models.filter(({ name, version }) => {
    const found = (statement.get(name) as number | undefined) ?? 0
    if (found <= version) return found < version
    throw new StoreError(
      'newer-schema',
      `${path} was written by a newer klplog: its ${name} are of version ${found}, this one makes version ${version}`,
      'Update klplog.'
    )
  })
}

/** Notes that the rows of these read models are of their present versions. Only inside a transaction. */
export function recordVersions(connection: Connection, models: readonly ReadModel[]): void {
  const statement = prepare(
    connection,
    connection.kysely
      .insertInto('read_models')
      .values({ name: '', version: 0 })
      .onConflict((conflict) =>
        conflict.column('name').doUpdateSet({ version: (row) => row.ref('excluded.version') })
      )
  )
  for (const { name, version } of models) statement.run(name, version)
}

/** What a reader says of rows that only a writer can make anew. */
export function modelsOutdated(path: string, models: readonly ReadModel[]): StoreError {
  const names = models.map(({ name }) => name).join(', ')
  return new StoreError(
    'older-schema',
    `${path} was written by an older klplog: its ${names} are of an older version`,
    'Open it once for writing, which makes them anew: `klplog rebuild` does.'
  )
}
