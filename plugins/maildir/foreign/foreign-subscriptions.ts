import { join } from 'node:path'
import {
  courierSubscribedFile,
  dovecotSubscriptionsFile,
  parseCourierSubscribed,
  parseDovecotSubscriptions,
} from 'mailwright/formats'
import type { FileSystem } from '../files/file-system.ts'
import { readForeignFile, smallFileLimit } from './foreign-file.ts'

/**
 * The mailboxes that an account is subscribed to with Dovecot or Courier-IMAP, in our spelling, sorted; `root` is the
 * account's Maildir. Undefined where neither says. Where both do, the file that was written later counts. Trouble of
 * the disk is thrown as the system gives it.
 */
export async function readForeignSubscriptions(
  files: FileSystem,
  root: string,
): Promise<readonly string[] | undefined> {
  const dovecot = await readForeignFile(files, join(root, dovecotSubscriptionsFile), smallFileLimit)
  const courier = await readForeignFile(files, join(root, courierSubscribedFile), smallFileLimit)
  const isCourier = courier !== undefined && (dovecot === undefined || dovecot.modified < courier.modified)
  const names = isCourier
    ? parseCourierSubscribed(courier.octets)
    : dovecot && parseDovecotSubscriptions(dovecot.octets)
  return names?.toSorted()
}
