import type { Knex } from 'knex'
import { deleteEmpty } from '../reports/emptied.ts'
import type { GroupCommit } from '../tables/group-commit.ts'

interface Batch {
  readonly numbers: number[]
  readonly messages: Set<number>
  /** The messages that nobody waits for any more. */
  written: Promise<ReadonlySet<number>>
}

/**
 * Deletes recipients who have their message. Those of one moment are deleted together: in a queue that works it is most of what is
 * written.
 */
export class Finished {
  readonly #commits: GroupCommit
  #batch: Batch | undefined

  constructor(commits: GroupCommit) {
    this.#commits = commits
  }

  /** Says whether nobody waits for the message any more, which is then deleted, too. MAIL_E_UNAVAILABLE. */
  async remove(message: number, numbers: readonly number[]): Promise<boolean> {
    this.#batch ??= this.#begin()
    const batch = this.#batch
    batch.numbers.push(...numbers)
    batch.messages.add(message)
    return (await batch.written).has(message)
  }

  #begin(): Batch {
    const batch: Batch = { numbers: [], messages: new Set(), written: Promise.resolve(new Set<number>()) }
    // Whoever comes while it is being written, or after it failed, is in the next one.
    const close = (): void => {
      if (this.#batch === batch) this.#batch = undefined
    }
    const written = this.#commits.run((knex) => {
      close()
      return deleteFinished(knex, batch.numbers, [...batch.messages])
    })
    batch.written = written.finally(close)
    return batch
  }
}

async function deleteFinished(
  knex: Knex.Transaction,
  numbers: readonly number[],
  messages: readonly number[],
): Promise<ReadonlySet<number>> {
  await knex('queue_recipients').whereIn('number', numbers).delete()
  return deleteEmpty(knex, messages)
}
