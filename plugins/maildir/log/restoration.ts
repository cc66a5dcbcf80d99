import { join } from 'node:path'
import { isMissing } from 'mailwright/disk'
import type { MaildirContext } from '../context.ts'
import { replaceFile } from '../files/durable-file.ts'
import { inGroups } from '../files/groups.ts'
import { isDirectory } from '../files/mailbox-directory.ts'
import { type Located, pathOf, scanFor } from '../files/scan.ts'
import type { LoggedMessage } from './frame.ts'
import { syncNames } from './settlement.ts'

/** What the log is needed for. */
export type Trust =
  /** A power cut: what is in a file has to be looked at. */
  | 'what is read'
  /** A sync failed: what is read may only be in memory. */
  | 'nothing'

export interface Restored {
  /** Messages that were put back, or written anew. */
  readonly restored: number
  /** Messages whose mailbox is gone, and its account. */
  readonly lost: number
}

/**
 * Sees to it that messages are whole, durable and in their mailboxes; where a mailbox is gone, in the INBOX of its account. `root` is the
 * store's. Throws where the disk fails; what was done until then stays.
 */
export async function restoreMessages(
  context: MaildirContext,
  root: string,
  messages: readonly LoggedMessage[],
  trust: Trust,
): Promise<Restored> {
  let [restored, lost] = [0, 0]
  for (const [path, some] of Map.groupBy(messages, (message) => message.path)) {
    const mailbox = await mailboxFor(context, root, path)
    if (mailbox === undefined) lost += some.length
    else restored += await restoreIn(context, mailbox, some, trust)
  }
  return { restored, lost }
}

/** The mailbox, or the Maildir that it was in. */
async function mailboxFor(context: MaildirContext, root: string, path: string): Promise<string | undefined> {
  for (const at of [join(root, path), join(root, path, '..')])
    if (at.startsWith(`${root}/`) && (await isDirectory(context, join(at, 'tmp')))) return at
  return undefined
}

async function restoreIn(
  context: MaildirContext,
  mailbox: string,
  messages: readonly LoggedMessage[],
  trust: Trust,
): Promise<number> {
  const { messages: there } = await scanFor(
    context.files,
    mailbox,
    messages.map(({ base }) => base),
  )
  let restored = 0
  await inGroups(messages, async (message) => {
    const located = there.get(message.base)
    // Without a power cut, what is not there was taken away.
    if (trust === 'nothing' ? located === undefined : await isWhole(context, mailbox, message, located))
      return
    await putBack(context, mailbox, message, located)
    restored += 1
  })
  await syncNames(context, mailbox)
  return restored
}

/** Whether the file has what it should; if so it is durable as well. */
async function isWhole(
  { batches }: MaildirContext,
  mailbox: string,
  { octets }: LoggedMessage,
  located: Located | undefined,
): Promise<boolean> {
  if (located === undefined) return false
  const path = pathOf(mailbox, located)
  const [read] = await batches.read([path], octets.length)
  if (read?.status === 'rejected') {
    if (isMissing(read.reason)) return false
    throw read.reason
  }
  if (read?.value.octets?.equals(octets) !== true) return false
  const [failure] = await batches.sync([path])
  if (failure !== undefined && !isMissing(failure)) throw failure
  return failure === undefined
}

/** Under the name that it has, or as new mail. */
async function putBack(
  { files, directories, names }: MaildirContext,
  mailbox: string,
  { base, octets }: LoggedMessage,
  located: Located | undefined,
): Promise<void> {
  const { directory, fileName } = located ?? { directory: 'new', fileName: base }
  const temporary = join(mailbox, 'tmp', names())
  await replaceFile(files, directories, {
    directory: join(mailbox, directory),
    name: fileName,
    temporary,
    octets,
  })
}
