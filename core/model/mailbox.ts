/** The mailbox that every account has, in any case of letters (RFC 9051 §5.1). */
export const inbox = 'INBOX'

/** RFC 9051 §2.3.1.1: a UID has 32 bits, and so has UIDVALIDITY. */
export const highestUid = 4_294_967_295
