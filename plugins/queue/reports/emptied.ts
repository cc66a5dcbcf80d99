import type { Knex } from 'knex'

/** Removes a message that nobody waits for and of which nobody has to be told any more; says whether that is so. */
export async function deleteIfEmpty(knex: Knex, number: number): Promise<boolean> {
  return (await deleteEmpty(knex, [number])).has(number)
}

/** The same for several; answers those that are gone. */
export async function deleteEmpty(knex: Knex, numbers: readonly number[]): Promise<ReadonlySet<number>> {
  let staying = await findOccupied(knex, numbers)
  if (staying.size > 0) {
    // Another process may be removing the others at this moment, unseen. One of both waits here until the other's change is there.
    const waiting = [...staying]
    await knex('queue_messages').whereIn('number', waiting).orderBy('number').forUpdate().select('number')
    staying = await findOccupied(knex, waiting)
  }
  const gone = numbers.filter((number) => !staying.has(number))
  if (gone.length > 0) await knex('queue_messages').whereIn('number', gone).delete()
  return new Set(gone)
}

async function findOccupied(knex: Knex, numbers: readonly number[]): Promise<ReadonlySet<number>> {
  const of = (table: string): Knex.QueryBuilder =>
    knex(table).whereRaw('?? = ??', [`${table}.message`, 'queue_messages.number'])
  const rows: { readonly number: number | string }[] = await knex('queue_messages')
    .whereIn('number', numbers)
    .where((either) => either.whereExists(of('queue_recipients')).orWhereExists(of('queue_reports')))
    .select('number')
  return new Set(rows.map(({ number }) => Number(number)))
}
