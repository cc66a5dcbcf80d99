import { join } from 'node:path'
import type { StoreFault } from 'mailwright'
import type { MboxContext } from './context.ts'
import { ifThere, isNotFound } from './disk-errors.ts'
import { isLockDebris } from './dot-lock.ts'
import { examineMailbox } from './examine-mailbox.ts'
import { besideSuffix, inbox } from './mailbox-name.ts'
import type { SharedAccount } from './shared-states.ts'

export interface ExamineOptions {
  readonly repair: boolean
}

/** Milliseconds after which a file in the spool belongs to nobody: 36 hours, as for a Maildir's `tmp`. */
const staleSpool = 36 * 3_600_000

/** Looks for damage in an account's mailboxes and for what crashes have left, and undoes it where asked to. */
export async function examineAccount(
  context: MboxContext,
  shared: SharedAccount,
  { repair }: ExamineOptions,
): Promise<readonly StoreFault[]> {
  const faults: StoreFault[] = []
  for (const name of await shared.files.list()) {
    const { state, release } = shared.share(name)
    try {
      faults.push(...(await examineMailbox(state, repair)))
    } catch (error) {
      // Deleted since it was listed.
      if (!isNotFound(error)) throw error
    } finally {
      release()
    }
  }
  for (const directory of [...(await shared.files.directories()), shared.files.control])
    faults.push(...(await examineDirectory(context, shared, directory, repair)))
  faults.push(...(await examineSpool(context, shared, repair)))
  return faults
}

async function examineDirectory(
  context: MboxContext,
  { files: mailboxes }: SharedAccount,
  directory: string,
  repair: boolean,
): Promise<readonly StoreFault[]> {
  const { files, clock, staleLock } = context
  const faults: StoreFault[] = []
  const entries = new Set(await ifThere(files.readdir(directory)))
  for (const entry of entries) {
    const path = join(directory, entry)
    const mailbox = mailboxes.mailboxAt(directory, entry.replace(/\.lock$/, ''))
    const isLock = isLockDebris(entry) || (entry.endsWith('.lock') && mailbox !== undefined)
    const status = isLock ? await ifThere(files.lstat(path)) : undefined
    if (status !== undefined && status.mtimeMs + staleLock < clock.now()) {
      if (repair) await ifThere(files.unlink(path))
      faults.push({
        mailbox: mailbox ?? inbox,
        problem: `a lock was left behind: ${path}`,
        remedy: 'it is removed',
      })
    }
    if (/^\..+\.mailwright\.rescued\.\d+$/.test(entry) || entry.startsWith(`${inbox}.rescued.`))
      faults.push({
        mailbox: mailbox ?? inbox,
        problem: `messages were set aside, for somebody had replaced the file during a change: ${path}`,
        remedy: 'none: import what is missing, and remove it',
      })
    if (entry.endsWith(besideSuffix) && (await isHidden(context, directory, entry)))
      faults.push({
        mailbox: mailbox ?? inbox,
        problem: `two files hold messages; ${path} is not shown`,
        remedy: 'none: give one of them another name',
      })
  }
  return faults
}

/** Whether messages beside a directory are not shown because a file is in its place. */
async function isHidden({ files }: MboxContext, directory: string, entry: string): Promise<boolean> {
  const status = await ifThere(files.lstat(join(directory, entry.slice(0, -besideSuffix.length))))
  return status?.isFile() === true
}

async function examineSpool(
  { files, clock }: MboxContext,
  { files: mailboxes }: SharedAccount,
  repair: boolean,
): Promise<readonly StoreFault[]> {
  let left = 0
  for (const entry of (await ifThere(files.readdir(mailboxes.spool))) ?? []) {
    const path = join(mailboxes.spool, entry)
    const status = await ifThere(files.lstat(path))
    if (status === undefined || status.mtimeMs + staleSpool > clock.now()) continue
    left += 1
    if (repair) await ifThere(files.unlink(path))
  }
  if (left === 0) return []
  const problem = `${left} messages were left in the spool by deliveries that did not end`
  return [{ mailbox: inbox, problem, remedy: 'they are removed' }]
}
