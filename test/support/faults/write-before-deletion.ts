import type { Knex } from 'knex'
import type { Database } from 'mailwright'

/** The same database, where another writes just before rows of a table are deleted for the first time. */
export function writeBeforeDeletion(
  database: Database,
  table: string,
  write: () => Promise<unknown>,
): Database {
  let written: Promise<unknown> | undefined
  const query: Database['query'] = (run) =>
    database.query((knex) =>
      run(
        new Proxy(knex, {
          apply(target, self, words: [string]) {
            const rows: Knex.QueryBuilder = Reflect.apply(target, self, words)
            if (words[0] !== table) return rows
            const remove = rows.delete.bind(rows)
            const afterWriting = async () => {
              written ??= write()
              await written
              return remove()
            }
            return Object.assign(rows, { delete: afterWriting })
          },
        }),
      ),
    )
  return { ...database, transaction: (run) => database.transaction(run), query }
}
