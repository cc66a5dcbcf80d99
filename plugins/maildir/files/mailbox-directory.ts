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
const partOfMailbox =
  /^(?:cur$|new$|tmp$|maildirfolder$|courier(?:imap|pop3d)|dovecot-(?:acl|keywords|shared|uid)|dovecot\.index|mailwright-)/

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
    // Sieve scripts lie beside a `tmp`, too: on its own that is not enough.
    return isOnlyMailbox(names) || names.some((name) => name !== 'tmp' && partOfMailbox.test(name))
  } catch (error) {
    if (isMissing(error)) return false
    if (systemCode(error) === 'EACCES') return true
    throw error
  }
}

function isOnlyMailbox(names: readonly string[]): boolean {
  return names.every((name) => partOfMailbox.test(name))
}

/** MAIL_E_INVALID where a directory would take something of another program along that is no whole mailbox. */
export async function requireRemovable({ files }: MaildirContext, path: string): Promise<void> {
  const names = await files.readdir(path)
  if (names.includes('cur') || names.includes(marker) || isOnlyMailbox(names)) return
  throw new MailwrightError('MAIL_E_INVALID', `${path} has files of another program`)
}

export interface NewDirectory {
  readonly path: string
  /** Parents that are missing are made from here on. */
  readonly top: string
  /** Whether it is a mailbox within a Maildir, not the Maildir itself. */
  readonly nested: boolean
}

/**
 * Makes the directory of a mailbox, or what is missing of it, durably. `tmp` comes last: where it was made here, everything
 * above it is on the disk. MAIL_E_UNAVAILABLE where something else is in the way.
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

/** Takes away what `makeMailboxDirectory` has made of a mailbox within a Maildir, unless something has come into it. */
export async function removeEmptyMailbox({ files }: MaildirContext, path: string): Promise<void> {
  const made = ['cur', 'new', 'tmp']
  const names = await files.readdir(path)
  if (names.some((name) => name !== marker && !made.includes(name))) return
  // Where one is not empty, those before are made again by whoever opens the mailbox.
  for (const name of made) await files.rmdir(join(path, name))
  await files.unlink(join(path, marker))
  await files.rmdir(path)
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
