import type { Knex } from 'knex'
import type { QueuedRecipient } from '../tables/queued.ts'
import { never } from '../tables/tables.ts'
import type { PutOff } from './outcomes.ts'

/** One update for all that get the same values. What is held or given up meanwhile stays so. */
export async function writePutOffs(knex: Knex, putOffs: readonly PutOff[]): Promise<void> {
  const groups = Map.groupBy(putOffs, ({ recipient, due, deadline, attempts, warned, last }) =>
    JSON.stringify([due, deadline, attempts, warned, last, changed(recipient)]),
  )
  for (const group of groups.values()) {
    const [{ recipient, due, deadline, attempts, warned, last }] = group as [PutOff]
    await knex('queue_recipients')
      .whereIn(
        'number',
        group.map(({ recipient }) => recipient.number),
      )
      .update({
        // In this order: MySQL's later assignments see what the earlier ones have made.
        deadline: unlessHeld(knex, 'deadline', deadline),
        due: unlessHeld(knex, 'due', due),
        attempts,
        warned,
        last: JSON.stringify(last),
        tried_by: null,
        ...changed(recipient),
      })
  }
}

/** What an attempt may have changed of how a recipient is delivered. */
function changed({ delivery }: QueuedRecipient): { readonly delivery?: string } {
  return delivery.sentOn === undefined ? {} : { delivery: JSON.stringify(delivery) }
}

function unlessHeld(knex: Knex, column: 'due' | 'deadline', value: number): Knex.Raw {
  return knex.raw('case when ?? = ? then ?? else ? end', ['due', never, column, value])
}
