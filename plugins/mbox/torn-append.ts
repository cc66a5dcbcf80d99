import type { MboxContext } from './context.ts'
import { readPieces } from './durable-file.ts'
import type { OpenFile } from './file-system.ts'
import { type MailboxIndex, sameFile } from './index-record.ts'
import type { MailboxPlace } from './mailbox-files.ts'
import type { LockedFile } from './mailbox-lock.ts'
import { cutOut } from './tail-change.ts'

/**
 * Removes NUL where a message should begin, behind all that is known of a mailbox's file: what a failure of the power
 * leaves of an append that nobody was promised. Answers whether there was any.
 */
export async function removeTornAppend(
  context: MboxContext,
  place: MailboxPlace,
  locked: LockedFile,
  { stamp, known }: MailboxIndex,
): Promise<boolean> {
  const status = await locked.file.stat()
  if (!sameFile(stamp, status) || status.size <= known) return false
  const end = await endOfNuls(locked.file, known, status.size)
  if (end > known) await cutOut(context, place, locked, known, end)
  return end > known
}

async function endOfNuls(file: OpenFile, start: number, size: number): Promise<number> {
  let end = start
  for await (const piece of readPieces(file, start, size)) {
    const other = piece.findIndex((octet) => octet !== 0)
    if (other >= 0) return end + other
    end += piece.length
  }
  return end
}
