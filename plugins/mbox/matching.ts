import type { MessageRecord } from './index-record.ts'
import type { SeenMessage } from './sight.ts'

/**
 * Which known message each of a file's messages is, after somebody has rewritten it: one with the same octets, and the
 * same UID where the file tells it. In the order of the file; undefined for messages that nobody knows.
 */
export function matchMessages(
  records: readonly MessageRecord[],
  seen: readonly SeenMessage[],
): readonly (MessageRecord | undefined)[] {
  const byDigest = new Map<string, Map<number, MessageRecord>>()
  for (const record of records) {
    const same = byDigest.get(record.digest) ?? new Map<number, MessageRecord>()
    byDigest.set(record.digest, same.set(record.uid, record))
  }
  const take = (digest: string, uid: number | undefined): MessageRecord | undefined => {
    const same = byDigest.get(digest)
    const record = uid === undefined ? same?.values().next().value : same?.get(uid)
    if (record !== undefined) same?.delete(record.uid)
    return record
  }
  const exact = seen.map(({ digest, uid }) => (uid === undefined ? undefined : take(digest, uid)))
  return seen.map(({ digest }, place) => exact[place] ?? take(digest, undefined))
}
