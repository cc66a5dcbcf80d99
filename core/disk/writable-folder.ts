import { constants } from 'node:fs'
import { access, lstat, opendir, stat } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { MailwrightError } from '../errors.ts'

/** A folder in which a plugin keeps files, or makes folders to keep them in. */
export interface KeptFolder {
  /** The option that names it, for people. */
  readonly option: string
  /** Absolute. */
  readonly path: string
  /** How many levels of folders are made in it: where one of those is there and can be written, it need not be itself. */
  readonly levels: number
}

// Whoever has so many folders has not got them all wrong.
const mostLooks = 1000

/**
 * MAIL_E_START, with the option, the path and what helps, where this process cannot write to a folder, or make it with the first file.
 * Makes nothing. `look` is access(2).
 */
export async function requireWritableFolder(folder: KeptFolder, look: typeof access = access): Promise<void> {
  const { path } = folder
  const there = await nearest(folder, path)
  try {
    await mayWrite(there, look)
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? ''
    const isForbidden = code === 'EACCES' || code === 'EPERM'
    if (isForbidden && there === path && (await holdsWritable(folder, look))) return
    if (isForbidden) throw problemOf(folder, forbidden(path, there), cause)
    if (code === 'EROFS') throw problemOf(folder, `the file system of ${there} is read-only`, cause)
    throw problemOf(folder, `${there} cannot be reached`, cause)
  }
}

/** The folder, or where it is missing the one above it that is there. */
async function nearest(folder: KeptFolder, path: string): Promise<string> {
  const isFolder = await stat(path).then(
    (status) => status.isDirectory(),
    async (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return (await isThere(path)) ? false : undefined
      if (cause.code === 'ENOTDIR') return undefined
      if (cause.code === 'EACCES')
        throw problemOf(folder, `${self().user} may not reach ${path}: a folder above it is closed`, cause)
      // access(2) has the same error.
      return true
    },
  )
  if (isFolder === true) return path
  if (isFolder === undefined && dirname(path) !== path) return nearest(folder, dirname(path))
  throw problemOf(folder, `${path} leads to no folder`)
}

/** Also where it is a link to nothing. */
function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}

async function mayWrite(path: string, look: typeof access): Promise<void> {
  await look(path, constants.R_OK | constants.W_OK | constants.X_OK)
}

/** Whether somebody has made the folders for this process, such as people's own in /home. */
async function holdsWritable({ path, levels }: KeptFolder, look: typeof access): Promise<boolean> {
  let looks = 0
  const within = async (folder: string, depth: number): Promise<boolean> => {
    for await (const entry of await opendir(folder)) {
      const child = join(folder, entry.name)
      if (!entry.isDirectory() && !entry.isSymbolicLink()) continue
      if (++looks > mostLooks) return true
      const isWritable = mayWrite(child, look).then(
        () => true,
        () => false,
      )
      if (await isWritable) return true
      if (depth < levels && (await within(child, depth + 1).catch(() => false))) return true
    }
    return false
  }
  return within(path, 1).catch(() => false)
}

function forbidden(path: string, there: string): string {
  const { user, owner, group } = self()
  return there === path
    ? `${user} may not write to ${path} (as root: chown ${owner}:${group} ${path})`
    : `${user} may not make ${path} (as root: install -d -m 700 -o ${owner} -g ${group} ${path})`
}

/** Who this process is. A user that the system knows by number only has no name. */
function self(): { readonly user: string; readonly owner: string; readonly group: number } {
  const [uid, group] = [process.geteuid?.() ?? 0, process.getegid?.() ?? 0]
  try {
    const user = userInfo().username
    return { user, owner: user, group }
  } catch {
    return { user: `the user ${uid}`, owner: String(uid), group }
  }
}

function problemOf({ option }: KeptFolder, problem: string, cause?: unknown): MailwrightError {
  const options = cause === undefined ? {} : { cause }
  return new MailwrightError('MAIL_E_START', `${option}: ${problem}`, options)
}
