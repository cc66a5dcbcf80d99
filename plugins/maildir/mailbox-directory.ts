import { dirname, join } from 'node:path'
import { UnavailableError } from 'mailwright'
import type { MaildirContext } from './context.ts'
import { isMissing, systemCode } from './disk-errors.ts'
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

export interface NewDirectory {
  readonly path: string
  /** Parents that are missing are made from here on. */
  readonly top: string
  /** Whether it is a mailbox within a Maildir, not the Maildir itself. */
  readonly nested: boolean
}

/**
 * Makes the directory of a mailbox, or what is missing of it, durably. `tmp` comes last: where it exists, everything
 * above it is on the disk, which is all that a delivery has to look at.
 */
export async function makeMailboxDirectory(context: MaildirContext, where: NewDirectory): Promise<void> {
  const { directories } = context
  const { path, top, nested } = where
  await makeDirectory(context, path)
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

async function makeDirectory(context: MaildirContext, path: string): Promise<void> {
  try {
    await context.files.mkdir(path, { mode: directoryMode })
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return
    if (!isMissing(error) || dirname(path) === path) throw error
    await makeDirectory(context, dirname(path))
    await makeDirectory(context, path)
  }
}

async function makeMarker({ files }: MaildirContext, path: string): Promise<void> {
  try {
    await (await openNew(files, path)).close()
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error
  }
}
