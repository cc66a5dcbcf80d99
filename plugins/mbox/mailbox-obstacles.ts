import { MailwrightError } from 'mailwright'
import { ifThere } from './disk-errors.ts'
import type { FileSystem } from './file-system.ts'
import { besideSuffix, inbox } from './mailbox-name.ts'

/** A mailbox, and where its file is unless a directory has its name. */
interface Wanted {
  readonly name: string
  readonly path: string
}

/**
 * MAIL_E_INVALID where something else is in the way of making a mailbox, or one above that.
 *
 * @param isLast whether it is the mailbox itself, below which nothing is to be made
 */
export async function requireNoObstacle(
  files: FileSystem,
  { name, path }: Wanted,
  isLast: boolean,
): Promise<void> {
  const status = await ifThere(files.lstat(path))
  if (status !== undefined && !status.isDirectory() && (name === inbox || !status.isFile()))
    throw leadsElsewhere(name, path)
  // The messages are beside only where a directory has the name or will get it, and those of INBOX never.
  if (name === inbox || (isLast && !status?.isDirectory())) return
  const beside = await ifThere(files.lstat(path + besideSuffix))
  if (beside !== undefined && !beside.isFile()) throw leadsElsewhere(name, path + besideSuffix)
  if (beside !== undefined && status?.isFile()) throw isTwice(name, path)
}

export function leadsElsewhere(name: string, path: string): MailwrightError {
  return new MailwrightError(
    'MAIL_E_INVALID',
    `there can be no mailbox ${name} or below it: ${path} leads elsewhere`,
  )
}

/** Another program has made the mailbox's file beside that of ours: stepping aside would put it in the place of that. */
export function isTwice(name: string, path: string): MailwrightError {
  return new MailwrightError(
    'MAIL_E_INVALID',
    `there can be no mailbox below ${name}: both ${path} and ${path}${besideSuffix} are files`,
  )
}
