import type { ImapSearchKey, ImapWords } from 'mailwright/imap'

const size =
  (kind: 'larger' | 'smaller'): ImapSearchKey =>
  ({ args }) => {
    args.space()
    const octets = args.number64()
    return () => ({ kind, octets })
  }

/** Keys about sizes (RFC 9051 §6.4.4). */
export const sizeKeys: ImapWords<ImapSearchKey> = { LARGER: size('larger'), SMALLER: size('smaller') }
