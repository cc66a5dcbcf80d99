import type { Database } from 'mailwright'

interface Asked {
  readonly sql: string
  readonly bindings: readonly unknown[]
}

/**
 * The statements of `run` for which SQLite goes through a whole table or index although they say which rows they want, or sorts
 * what it has found; counting is no such thing. None on another database.
 */
export async function slowStatements(database: Database, run: () => Promise<unknown>): Promise<string[]> {
  const asked: Asked[] = []
  const note = (one: Asked) => void asked.push(one)
  await database.query(async (knex) => knex.on('query', note))
  await run()
  await database.query(async (knex) => knex.off('query', note))
  if (database.dialect !== 'sqlite') return []
  const slow: string[] = []
  for (const { sql, bindings } of asked.filter((one) =>
    /^(?:select(?! count)|delete|update)/.test(one.sql),
  )) {
    const plan = (await database.query((knex) =>
      knex.raw(`explain query plan ${sql}`, bindings as string[]),
    )) as readonly { readonly detail: string }[]
    const isSlow = ({ detail }: { readonly detail: string }) =>
      /TEMP B-TREE FOR ORDER/.test(detail) ||
      (/^SCAN (?!\d+-ROW VALUES)/.test(detail) && (sql.includes(' where ') || !detail.includes('INDEX')))
    if (plan.some(isSlow)) slow.push(`${sql}: ${plan.map(({ detail }) => detail).join('; ')}`)
  }
  return slow
}
