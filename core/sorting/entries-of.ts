import { indexOfUid } from '../model/mailbox.ts'
import type { MessageEntry } from '../services/mailbox.ts'

// To look up so many times fewer UIDs than there are entries, each by itself, is cheaper than to go through all.
const sparse = 16

/** The entries of some messages, by UIDs that ascend as the entries do; undefined where there is none. */
export function entriesOf(
  entries: readonly MessageEntry[],
  uids: readonly number[],
): readonly (MessageEntry | undefined)[] {
  const isSparse = uids.length * sparse < entries.length
  let at = 0
  const found = new Array<MessageEntry | undefined>(uids.length)
  for (let index = 0; index < uids.length; index += 1) {
    const uid = uids[index] ?? 0
    if (isSparse) at = indexOfUid(entries, uid)
    else while (at < entries.length && (entries[at]?.uid ?? 0) < uid) at += 1
    found[index] = entries[at]?.uid === uid ? entries[at] : undefined
  }
  return found
}
