import { accessSync, chownSync, constants, mkdirSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { MailwrightError } from '../errors.ts'
import type { Identity } from './identity.ts'

// Of a folder with everything in it these are looked at: a mailbox of a million files would take minutes.
const mostEntries = 1_000
const mostNamed = 5

/** As root: makes the data folder for somebody where there is none. MAIL_E_START where it cannot be made. */
export function prepareDataFolder(dataDir: string, { uid, gid }: Identity): void {
  try {
    mkdirSync(dataDir, { mode: 0o700 })
    chownSync(dataDir, uid, gid)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return
    const problem =
      code === 'ENOENT' ? `there is no folder ${dirname(dataDir)} to make it in` : 'it cannot be made'
    throw new MailwrightError('MAIL_E_START', `dataDir: ${problem}`, { cause: error })
  }
}

/**
 * As its user: MAIL_E_START, with the command that helps, where the data folder or something right in it is somebody
 * else's, such as after a start as root; also where the user cannot get to it.
 */
export function requireOwnData(dataDir: string, identity: Identity): void {
  if (!isReached(dataDir)) {
    const problem = `a folder above ${dataDir} is closed to ${identity.user}, who needs \`x\` on each of them`
    throw new MailwrightError('MAIL_E_START', `dataDir: ${problem}`)
  }
  const foreign = foreignEntries(dataDir, identity.uid)
  if (foreign.length === 0) return
  const named = foreign.slice(0, mostNamed).join(', ')
  const help = `as root: chown -R -h ${identity.user}:${identity.gid} ${dataDir}`
  throw new MailwrightError('MAIL_E_START', `dataDir: not ${identity.user}'s own: ${named}; ${help}`)
}

/** Whose a folder is only its own entry tells, and that needs the right to pass those above. */
function isReached(folder: string): boolean {
  try {
    statSync(folder, { throwIfNoEntry: false })
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EACCES'
  }
}

function foreignEntries(dataDir: string, uid: number): readonly string[] {
  try {
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK)
    const entries = readdirSync(dataDir)
      .slice(0, mostEntries)
      .map((name) => join(dataDir, name))
    // Links may be whose they want; what they lead to counts, where it is there.
    const owner = (path: string) => statSync(path, { throwIfNoEntry: false })?.uid ?? uid
    return [dataDir, ...entries].filter((path) => owner(path) !== uid)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // A plugin, or the user himself, makes it; a file that has just gone is nobody's.
    return code === 'ENOENT' ? [] : [dataDir]
  }
}
