/** The mailbox that every account has, in any case of letters (RFC 9051 §5.1). */
export const inbox = 'INBOX'

/** RFC 9051 §2.3.1.1: a UID has 32 bits, and so has UIDVALIDITY. */
export const highestUid = 4_294_967_295

/** In a list that ascends by UID, the index of the first message with this UID or a higher one. */
export function indexOfUid(messages: readonly { readonly uid: number }[], uid: number): number {
  let low = 0
  let high = messages.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((messages[middle]?.uid ?? 0) < uid) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * Finds messages by UID in a list that ascends by it: answers the index, or -1. Fast where they are asked for one after the
 * other, which is how they mostly come.
 */
export function uidFinder(messages: readonly { readonly uid: number }[]): (uid: number) => number {
  let next = 0
  return (uid) => {
    const at = messages[next]?.uid === uid ? next : indexOfUid(messages, uid)
    next = at
    if (messages[at]?.uid !== uid) return -1
    next += 1
    return at
  }
}
