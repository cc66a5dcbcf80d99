import type { Knex } from 'knex'
import { addressKey } from 'mailwright'
import { type Delivery, readDelivery } from '../tables/queued.ts'
import { searchedTarget } from '../tables/searched-address.ts'
import type { BigNumber, RecipientRow } from '../tables/tables.ts'
import { clockDifference } from './under-way.ts'

interface Reasked {
  readonly number: BigNumber
  readonly delivery: Delivery
}

/**
 * Has recipients of one or several messages ask again where they go; answers them with the destinations that look after that. What an
 * alias made several of becomes one again, as long as nobody has got it and none is under way: else somebody would get it twice, or
 * another not at all. Those others ask for where the alias has led them, at the destination that they have, since whoever may be
 * delivering there at the moment is the only one who knows.
 */
export async function askAgain(
  knex: Knex,
  rows: readonly RecipientRow[],
  now: number,
): Promise<readonly RecipientRow[]> {
  const read = rows.flatMap((row) => {
    const delivery = readDelivery(row.delivery)
    return delivery === undefined ? [] : [{ row, delivery }]
  })
  const asked: RecipientRow[] = []
  for (const same of Map.groupBy(read, ({ row, delivery }) => keyOf(row, delivery)).values()) {
    const isWhole = same.every(
      ({ row, delivery: { variants = 1, sentOn = [] } }) =>
        variants === same.length && sentOn.length === 0 && Number(row.due) > now + clockDifference,
    )
    const [first, ...others] = isWhole ? same : []
    if (first !== undefined) {
      const { recipient, parameters, released = false } = first.delivery
      const delivery = { recipient, parameters, target: recipient, ...(released && { released }) }
      await write(knex, { number: first.row.number, delivery }, ':route')
      asked.push({ ...first.row, destination: ':route' })
      const replaced = others.map(({ row }) => row.number)
      if (replaced.length > 0) await knex('queue_recipients').whereIn('number', replaced).delete()
      continue
    }
    for (const { row, delivery } of same) {
      const { route: _, askedAfter: __, ...unasked } = delivery
      await write(knex, { number: row.number, delivery: unasked }, row.destination)
      asked.push(row)
    }
  }
  return asked
}

function keyOf({ message }: RecipientRow, { recipient }: Delivery): string {
  return `${message} ${addressKey(recipient)}`
}

async function write(knex: Knex, { number, delivery }: Reasked, destination: string): Promise<void> {
  await knex('queue_recipients')
    .where({ number })
    .update({ delivery: JSON.stringify(delivery), target: searchedTarget(delivery), destination })
}
