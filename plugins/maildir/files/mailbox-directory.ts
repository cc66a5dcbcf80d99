import { dirname, join } from 'node:path'
import { MailwrightError, UnavailableError } from 'mailwright'
import { isMissing, systemCode } from 'mailwright/disk'
import type { MaildirContext } from '../context.ts'
import { directoryMode, openNew } from './durable-file.ts'

// What tells other programs that a directory is a Maildir++ mailbox and not a Maildir of its own.
const marker = 'maildirfolder'

/** Whether there is such a directory. A symbolic link to one does not count: it could lead into another account. */
export async function isDirectory({ looks }: MaildirContext, path: string): Promise<boolean> {
  try {
    return (await looks.ask(path)).isDirectory()
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

// Of a Maildir++ mailbox, of Courier and Dovecot, and of our own.
const partOfMailbox = /^(?:cur$|new$|tmp$|maildirfolder$|courier|dovecot|mailwright-)/

/**
 * Whether there is a mailbox, were it half-made. A directory that has something else and nothing of a mailbox is another program's
 * (`.notmuch`, say), and not ours to delete.
 */
export async function isMailboxDirectory(context: MaildirContext, path: string): Promise<boolean> {
  // Both are looked at together; where there is no directory, what is within says nothing.
  const [isThere, isWhole] = await Promise.all([
    isDirectory(context, path),
    isDirectory(context, join(path, 'cur')).catch(() => false),
  ])
  return isThere && (isWhole || (await isHalfMadeMailbox(context, path)))
}

/**
 * The same of a directory without a `cur`. One that is empty is a mailbox whose making has just begun; one that cannot be read
 * may be made good.
 */
export async function isHalfMadeMailbox({ files }: MaildirContext, path: string): Promise<boolean> {
  try {
    const names = await files.readdir(path)
    return names.length === 0 || names.some((name) => partOfMailbox.test(name))
  } catch (error) {
    if (isMissing(error)) return false
    if (systemCode(error) === 'EACCES') return true
    throw error
  }
}

export interface NewDirectory {
  readonly path: string
  /** Parents that are missing are made from here on. */
  readonly top: string
  /** Whether it is a mailbox within a Maildir, not the Maildir itself. */
  readonly nested: boolean
}

/**
 * Makes the directory of a mailbox, or what is missing of it, durably. `tmp` comes last: where it exists, everything
 * above it is on the disk, which is all that a delivery has to look at. MAIL_E_UNAVAILABLE where something else is in the way.
 */
export async function makeMailboxDirectory(context: MaildirContext, where: NewDirectory): Promise<void> {
  const { directories } = context
  const { path, top, nested } = where
  await makeDirectory(context, path)
  if (nested && !(await isDirectory(context, path))) throw new UnavailableError(`${path} is not a directory`)
  if (nested) await requireNoObstacle(context, path)
  for (const name of ['cur', 'new']) await makeDirectory(context, join(path, name))
  if (nested) await makeMarker(context, join(path, marker))
  await directories.sync(path)
  let entry = path
  while (entry.length >= top.length && entry !== dirname(entry)) {
    entry = dirname(entry)
    await directories.sync(entry)
  }
  await makeDirectory(context, join(path, 'tmp'))
  await directories.sync(path)
}

/** MAIL_E_INVALID where something that is no mailbox is in the place of one: no waiting makes one of it. */
export async function requireNoObstacle(context: MaildirContext, path: string): Promise<void> {
  try {
    if (!(await context.looks.ask(path)).isDirectory())
      throw new MailwrightError('MAIL_E_INVALID', `${path} is not a directory`)
  } catch (error) {
    if (isMissing(error)) return
    throw error
  }
  if (!(await isMailboxDirectory(context, path)))
    throw new MailwrightError('MAIL_E_INVALID', `${path} is another program's directory and no mailbox`)
}

/** Refuses to work in a mailbox whose parts lead somewhere else. */
export async function checkMailboxDirectory(context: MaildirContext, path: string): Promise<void> {
  const wrong = await wrongPart(context, path)
  if (wrong !== undefined) throw new UnavailableError(`${wrong} is not a directory`)
}

/** The first part of a mailbox that is not what it should be; undefined where all are. */
export async function wrongPart(context: MaildirContext, path: string): Promise<string | undefined> {
  const parts = ['cur', 'new', 'tmp'].map((name) => join(path, name))
  const found = await Promise.all(parts.map((part) => isDirectory(context, part)))
  return parts[found.indexOf(false)]
}

/** Makes what is missing above it, too. What is still in the way then, a file or a link to nothing, is nothing to wait for. */
async function makeDirectory(context: MaildirContext, path: string): Promise<void> {
  if (await makeIn(context, path)) return
  await makeDirectory(context, dirname(path))
  if (!(await makeIn(context, path))) throw new UnavailableError(`${dirname(path)} leads to no directory`)
}

/** Answers false where the directory for it is missing. */
async function makeIn({ files }: MaildirContext, path: string): Promise<boolean> {
  try {
    await files.mkdir(path, { mode: directoryMode })
    return true
  } catch (error) {
    const code = systemCode(error)
    if (code === 'EEXIST') return true
    if (code === 'ENOTDIR')
      throw new UnavailableError(`${dirname(path)} leads to no directory`, { cause: error })
    if (code !== 'ENOENT' || dirname(path) === path) throw error
    return false
  }
}

async function makeMarker({ files }: MaildirContext, path: string): Promise<void> {
  try {
    await (await openNew(files, path)).close()
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error
  }
}
