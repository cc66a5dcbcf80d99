import { randomBytes } from 'node:crypto'
import type { ChangeCause, MailboxChange } from '../hooks/retrieval.ts'
import { notifier } from '../services/notifier.ts'
import type { FlowContext } from './surroundings.ts'

// A hint is small: whoever gets one without UIDs looks at the whole mailbox.
const mostUids = 1_000

/**
 * The payload of a hint on the topic `mailbox:<account id>`: what changed in which mailbox. A provider that may have lost
 * hints of a topic says `{ missed: true }` in its place; any mailbox may have changed then.
 */
export interface MailboxHint {
  readonly mailbox: string
  readonly uidValidity: number
  /** Ascending. Absent where there are more than 1,000. */
  readonly uids?: readonly number[]
  readonly cause: ChangeCause
  readonly from?: string
  readonly to?: string
  /** Which running host says so, so that it knows its own hints. The retrieval hooks ran there, and only there. */
  readonly process: string
}

/** Answers what tells the sessions of all processes of a change. It never fails: a hint may be lost. */
export function mailboxHints({ services, log }: FlowContext): (change: MailboxChange) => void {
  const process = randomBytes(9).toString('base64url')
  return async ({ account, mailbox, uidValidity, uids, cause, from, to }) => {
    const hint: MailboxHint = {
      mailbox,
      uidValidity,
      ...(uids.length > mostUids ? {} : { uids }),
      cause,
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      process,
    }
    try {
      // Somebody else's provider may be asynchronous all the same.
      await services.get(notifier).publish(`mailbox:${account.id}`, hint)
    } catch (error) {
      log.error('internal-error', { service: 'notifier', error })
    }
  }
}
