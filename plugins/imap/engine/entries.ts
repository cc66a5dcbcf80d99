import { indexOfUid, type MessageEntry } from 'mailwright'

/** Finds entries of a list, which ascends by UID; fast where it is asked for one after the other. */
export function entryFinder(entries: readonly MessageEntry[]): (uid: number) => MessageEntry | undefined {
  let at = 0
  return (uid) => {
    if (entries[at]?.uid !== uid) at = indexOfUid(entries, uid)
    const entry = entries[at]
    if (entry?.uid !== uid) return undefined
    at += 1
    return entry
  }
}

/** A list that ascends by UID with newer entries for some of its messages; what is not in it is passed over. */
export function withNewer(
  messages: readonly MessageEntry[],
  newer: readonly MessageEntry[],
): readonly MessageEntry[] {
  const result = messages.slice()
  let at = 0
  for (const entry of newer) {
    if (result[at]?.uid !== entry.uid) at = indexOfUid(result, entry.uid)
    if (result[at]?.uid !== entry.uid) continue
    result[at] = entry
    at += 1
  }
  return result
}
