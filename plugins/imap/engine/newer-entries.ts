import { type MessageEntry, uidFinder } from 'mailwright'

/** A list that ascends by UID with newer entries for some of its messages; what is not in it is passed over. */
export function withNewer(
  messages: readonly MessageEntry[],
  newer: readonly MessageEntry[],
): readonly MessageEntry[] {
  const result = messages.slice()
  const find = uidFinder(messages)
  for (const entry of newer) {
    const at = find(entry.uid)
    if (at >= 0) result[at] = entry
  }
  return result
}
