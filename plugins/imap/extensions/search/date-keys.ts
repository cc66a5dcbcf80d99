import type { ImapSearchKey, ImapWords } from 'mailwright/imap'

type Comparison = 'before' | 'on' | 'since'

/** Compares the day of a date; days are those of RFC 9051 §6.4.4, without time and zone. */
const day =
  (kind: 'internal' | 'sent' | 'saved', is: Comparison): ImapSearchKey =>
  ({ args }) => {
    args.space()
    const date = args.date()
    return () => ({ kind, is, day: date })
  }

/** Keys about the internal date and the Date field (RFC 9051 §6.4.4). */
export const dateKeys: ImapWords<ImapSearchKey> = {
  BEFORE: day('internal', 'before'),
  ON: day('internal', 'on'),
  SINCE: day('internal', 'since'),
  SENTBEFORE: day('sent', 'before'),
  SENTON: day('sent', 'on'),
  SENTSINCE: day('sent', 'since'),
}

/** When messages came into their mailbox (RFC 8514 §4.3). Every store knows that. */
export const savedDateKeys: ImapWords<ImapSearchKey> = {
  SAVEDBEFORE: day('saved', 'before'),
  SAVEDON: day('saved', 'on'),
  SAVEDSINCE: day('saved', 'since'),
  SAVEDATESUPPORTED: () => () => ({ kind: 'all' }),
}
