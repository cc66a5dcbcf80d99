import { join } from 'node:path'
import { isMissing, readSmallFile } from 'mailwright/disk'
import type { MaildirContext } from '../context.ts'
import { replaceFile } from '../files/durable-file.ts'

const uidValidityFileName = 'mailwright-uidvalidity'

const form = /^mailwright-uidvalidity 1 (\d{1,10})\n$/
// A value from the future beyond this is damage: believing it would use up the 32 bits.
const furthest = 366 * 86_400

/**
 * A UIDVALIDITY that no mailbox of the account has had: the seconds since 1970, or one more than the last given where
 * the clock is behind that. The last one is kept in `mailwright-uidvalidity` in the account's Maildir, so that a
 * mailbox that is deleted and made again within a second is told from its predecessor (RFC 9051 §2.3.1.1).
 */
export async function nextUidValidity(
  context: MaildirContext,
  root: string,
  previous: number,
): Promise<number> {
  const { files, clock, directories, locks, names } = context
  const lease = await locks.acquire(join(root, `${uidValidityFileName}.lock`))
  try {
    const now = Math.max(1, Math.floor(clock.now() / 1000))
    const candidates = [previous, await lastGiven(context, root)].filter((value) => value < now + furthest)
    const value = Math.max(now, ...candidates.map((candidate) => candidate + 1))
    await replaceFile(files, directories, {
      directory: root,
      name: uidValidityFileName,
      temporary: join(root, 'tmp', names()),
      octets: Buffer.from(`mailwright-uidvalidity 1 ${value}\n`),
    })
    return value
  } finally {
    await lease.release()
  }
}

async function lastGiven({ files }: MaildirContext, root: string): Promise<number> {
  try {
    const { octets } = await readSmallFile(files, join(root, uidValidityFileName))
    return Number(form.exec(octets.toString('latin1'))?.[1] ?? 0)
  } catch (error) {
    if (isMissing(error)) return 0
    throw error
  }
}
