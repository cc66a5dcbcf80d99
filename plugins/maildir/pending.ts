import { join } from 'node:path'
import { UnavailableError } from 'mailwright'
import type { MaildirContext } from './context.ts'
import { isMissing } from './disk-errors.ts'
import { formatFileName, parseFileName } from './message-name.ts'
import { type Located, pathOf, scanFor } from './scan.ts'
import type { UidList } from './uid-list.ts'

// How often messages that are being renamed by others are looked for before they are left for the next time.
const rounds = 8

export function isSettled(list: UidList): boolean {
  return list.arriving.length === 0 && list.leaving.length === 0
}

/**
 * Finishes what the list says has happened: arriving messages go from `tmp` into `cur`, leaving ones are removed. Used
 * right after the list was written, and by whoever opens the mailbox after a crash. Answers the list without what is
 * done; what cannot be removed stays in it, is shown to nobody, and is tried again.
 */
export async function finishPending(context: MaildirContext, path: string, list: UidList): Promise<UidList> {
  await moveArriving(context, path, list.arriving)
  let { leaving } = list
  try {
    await removeMessages(context, path, leaving)
    await syncRemovals(context, path, leaving)
    leaving = []
  } catch (error) {
    context.log.warn('unavailable', {
      mailbox: path,
      problem: 'expunged messages cannot be removed yet',
      error,
    })
  }
  return { ...list, arriving: [], leaving }
}

async function moveArriving(
  context: MaildirContext,
  path: string,
  fileNames: readonly string[],
): Promise<void> {
  for (const fileName of fileNames) {
    const name = parseFileName(fileName)
    if (name === undefined) continue
    try {
      await context.files.rename(join(path, 'tmp', name.base), join(path, 'cur', formatFileName(name)))
    } catch (error) {
      // Already moved, by a process that died later.
      if (!isMissing(error)) throw error
    }
  }
  if (fileNames.length > 0) await context.directories.sync(join(path, 'cur'))
}

/** Removes messages under whatever names they have now; resolves when none of them can be seen any more. */
export async function removeMessages(
  context: MaildirContext,
  path: string,
  bases: readonly string[],
): Promise<void> {
  if (bases.length === 0) return
  const wanted = new Set(bases)
  const untouched = new Set(bases)
  for (let round = 0; round < rounds; round++) {
    const { messages, doubles } = await scanFor(context.files, path, [...untouched])
    const present = [...messages.values(), ...doubles].filter(({ base }) => wanted.has(base))
    if (present.length === 0) return
    for (const located of present)
      if (await unlinkWhereItIs(context, path, located)) untouched.delete(located.base)
  }
  throw new UnavailableError(`messages in ${path} are renamed faster than they can be removed`)
}

export async function syncRemovals(
  context: MaildirContext,
  path: string,
  bases: readonly string[],
): Promise<void> {
  if (bases.length === 0) return
  for (const directory of ['cur', 'new']) await context.directories.sync(join(path, directory))
}

/** Unlinks a message's file; false where it does not have that name any more. */
export async function unlinkWhereItIs(
  { files }: MaildirContext,
  path: string,
  located: Located,
): Promise<boolean> {
  try {
    await files.unlink(pathOf(path, located))
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}
