import { isMissing } from 'mailwright/disk'
import { formatMaildirFileName } from 'mailwright/formats'
import { type Located, pathOf } from '../files/scan.ts'
import type { MailboxState } from './mailbox-state.ts'

/**
 * Moves messages that have a UID now from `new` into `cur`, as the Maildir convention wants of who has shown them, and so
 * that the next look at the mailbox has only what came since to read there. Nothing depends on it: a message that stays
 * is found all the same.
 */
export async function moveOutOfNew(
  { context, place, table }: MailboxState,
  seen: readonly Located[],
): Promise<void> {
  const moved: [number, string][] = []
  const moving = seen.flatMap((located) => {
    const record = located.directory === 'new' ? table.byBase(located.base) : undefined
    return record === undefined ? [] : [{ located, record, fileName: formatMaildirFileName(located) }]
  })
  const outcomes = await context.batches.rename(
    moving.map(({ located, fileName }) => [
      pathOf(place.path, located),
      pathOf(place.path, { directory: 'cur', fileName }),
    ]),
  )
  for (const [at, { located, record, fileName }] of moving.entries()) {
    const error = outcomes[at]
    if (error === undefined) moved.push([record.entry.uid, `cur/${fileName.slice(located.base.length)}`])
    else if (!isMissing(error))
      context.log.debug('unavailable', { mailbox: place.path, problem: 'a message stays in new', error })
  }
  if (moved.length > 0) table.apply({ moved })
}
