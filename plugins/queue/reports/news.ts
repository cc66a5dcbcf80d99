import type { Knex } from 'knex'
import type { Contents } from '../intake/contents.ts'
import { destinationsOf, type Intake, type NewMessage, writePrepared } from '../intake/intake.ts'
import type { Scheduler } from '../scheduler.ts'
import type { GroupCommit } from '../tables/group-commit.ts'
import type { QueuedMessage } from '../tables/queued.ts'
import { deleteIfEmpty } from './emptied.ts'

export interface NewsSettings {
  readonly commits: GroupCommit
  readonly intake: Intake
  readonly contents: Contents
  readonly scheduler: () => Scheduler
}

/** Thrown where somebody else has changed meanwhile what a notification tells. */
export class ChangedError extends Error {}

/** What is made durable together. */
export interface News {
  /** The message that the notifications are about. */
  readonly about: Pick<QueuedMessage, 'number' | 'size'>
  readonly notifications: readonly NewMessage[]
  /** Writes what they tell. Says whether the message may be empty by that. */
  readonly change: (knex: Knex.Transaction) => Promise<boolean>
  readonly now: number
}

/**
 * Keeps notifications in the transaction of what they tell, and removes the message that they are about where nobody waits for it any
 * more. Says whether it did: not where others were quicker. MAIL_E_UNAVAILABLE.
 */
export async function keepNews(
  { commits, intake, contents, scheduler }: NewsSettings,
  { about, notifications, change, now }: News,
): Promise<boolean> {
  const prepared = await intake.prepare(notifications, now)
  try {
    const { taken, isEmpty } = await commits.run(async (knex) => {
      const mayBeEmpty = await change(knex)
      await writePrepared(knex, prepared)
      const taken = await scheduler().join(knex, destinationsOf(prepared.recipients))
      return { taken, isEmpty: mayBeEmpty && (await deleteIfEmpty(knex, about.number)) }
    })
    scheduler().joined(taken, prepared)
    if (isEmpty) await contents.remove(about)
    return true
  } catch (error) {
    intake.discard(prepared)
    scheduler().unanswered(prepared)
    if (error instanceof ChangedError) return false
    throw error
  }
}
