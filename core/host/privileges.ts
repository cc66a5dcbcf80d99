import { accessSync, constants, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MailwrightError } from '../errors.ts'
import { prepareDataFolder, requireOwnData } from './data-folder.ts'
import { findIdentity, type Identity } from './identity.ts'
import type { HostSettings } from './settings.ts'

type PrivilegeSettings = Pick<HostSettings, 'user' | 'group' | 'dataDir'>

/** As whom files are read where the settings name a user. */
export interface Reader {
  /** With the groups: a unit of systemd may add others. */
  readonly name?: string
  readonly doubt?: string
}

/**
 * Becomes the user of the settings, for good, and makes sure of it; undefined where they name none. The data folder is made
 * where there is none, and has to belong to the user. MAIL_E_START where anything is not as it has to be: the process is
 * not to go on then.
 */
export function becomeUser({ user, group, dataDir }: PrivilegeSettings): Identity | undefined {
  if (user === undefined) return undefined
  const wanted = identityOf(user, group)
  if (!isRoot()) requireSame(wanted)
  become(wanted, dataDir, () => prepareDataFolder(dataDir, wanted))
  // Who was this user before may have fewer groups, or more (`SupplementaryGroups=` of systemd).
  return { ...wanted, groups: process.getgroups?.() ?? wanted.groups }
}

/**
 * The same to read what a server will read, where this process may: nothing is made. Answers what is in doubt where it may not, and
 * who it is then. MAIL_E_START for what a start refuses.
 */
export function becomeUserToRead({ user, group, dataDir }: PrivilegeSettings): Reader {
  if (user === undefined) return {}
  const wanted = identityOf(user, group)
  if (!isRoot() && process.geteuid?.() !== wanted.uid)
    return {
      doubt: `whether ${user} can read the files that the config names has not been looked at: only root can become ${user}`,
    }
  become(wanted, dataDir)
  const groups = process.getgroups?.() ?? wanted.groups
  return { name: `${user}, who is in the groups ${groups.join(', ')}` }
}

function identityOf(user: string, group: string | undefined): Identity {
  if (process.geteuid === undefined)
    throw new MailwrightError('MAIL_E_START', 'user: this system has no users of that kind')
  return findIdentity(user, group)
}

/** Gives root's rights up where this process has them; `prepare` is done with them. */
function become(wanted: Identity, dataDir: string, prepare?: () => void): void {
  if (isRoot()) {
    refuseKernelThreads()
    prepare?.()
    drop(wanted)
    refuse([...identityFaults(wanted), ...threadFaults(wanted)])
  }
  refuse(waysBack())
  requireOwnData(dataDir, wanted)
}

/** Whether this process could do whatever it wants. */
export function isRoot(): boolean {
  return process.geteuid?.() === 0
}

/** Whether this process, as it is now, may read a file. */
export function canRead(file: string): boolean {
  try {
    accessSync(file, constants.R_OK)
    return true
  } catch {
    return false
  }
}

/** Threads that the kernel runs for io_uring keep the rights of when they were made. Node.js uses none by default. */
function refuseKernelThreads(): void {
  const asked = process.env.UV_USE_IO_URING ?? '0'
  if (asked !== '0')
    throw new MailwrightError(
      'MAIL_E_START',
      'user: with UV_USE_IO_URING in the environment some work would go on with the rights of root',
    )
}

/** Groups first: whoever is no longer root cannot change them. */
function drop({ uid, gid, groups }: Identity): void {
  try {
    process.setgroups?.([...groups])
    process.setgid?.(gid)
    process.setuid?.(uid)
  } catch (cause) {
    throw new MailwrightError(
      'MAIL_E_START',
      'user: the system does not let this process give up its rights',
      {
        cause,
      },
    )
  }
}

function requireSame({ user, uid }: Identity): void {
  const now = process.geteuid?.()
  if (now === uid) return
  const problem = `user: only root can become ${user}, and this process is of the user with the number ${now}`
  throw new MailwrightError('MAIL_E_START', problem)
}

function refuse(faults: readonly string[]): void {
  if (faults.length > 0)
    throw new MailwrightError(
      'MAIL_E_START',
      `user: the rights of root are not given up: ${faults.join(', ')}`,
    )
}

/** Who the process is, and is not to be: nothing is believed. */
function identityFaults({ uid, gid, groups }: Identity): readonly string[] {
  const facts: readonly [string, number | undefined, number][] = [
    ['user', process.getuid?.(), uid],
    ['effective user', process.geteuid?.(), uid],
    ['group', process.getgid?.(), gid],
    ['effective group', process.getegid?.(), gid],
  ]
  const wrong = facts.flatMap(([what, is, wanted]) => (is === wanted ? [] : [`${what} ${is}`]))
  const own = (process.getgroups?.() ?? []).filter((group) => !groups.includes(group))
  return own.length === 0 ? wrong : [...wrong, `groups ${own.join(' ')}`]
}

/** What would make root of the process again. */
function waysBack(): readonly string[] {
  const ways: readonly [string, () => void][] = [
    ['setuid', () => process.setuid?.(0)],
    ['seteuid', () => process.seteuid?.(0)],
    ['setgid', () => process.setgid?.(0)],
    ['setegid', () => process.setegid?.(0)],
    ['setgroups', () => process.setgroups?.([0])],
  ]
  return ways.flatMap(([name, way]) => (succeeds(way) ? [`${name} leads back`] : []))
}

function succeeds(run: () => void): boolean {
  try {
    run()
    return true
  } catch {
    return false
  }
}

/** On Linux each thread has rights of its own; files are read and written by others than this one. */
function threadFaults({ uid, gid }: Identity): readonly string[] {
  const folder = '/proc/self/task'
  let threads: readonly string[]
  try {
    threads = readdirSync(folder)
  } catch {
    // Not Linux, or no /proc: there is nothing to look at.
    return []
  }
  return threads.flatMap((thread) => {
    const status = readStatus(join(folder, thread, 'status'))
    const isAll = (field: string, value: RegExp) => status === undefined || value.test(fieldOf(status, field))
    const isOther = !isAll('Uid', allOf(uid)) || !isAll('Gid', allOf(gid))
    const isAble = !isAll('CapPrm', /^0+$/) || !isAll('CapEff', /^0+$/)
    return isOther || isAble ? [`thread ${thread} keeps them`] : []
  })
}

/** Undefined for a thread that has ended meanwhile. */
function readStatus(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function fieldOf(status: string, field: string): string {
  return new RegExp(`^${field}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? ''
}

/** Real, effective, saved, and for files. */
function allOf(id: number): RegExp {
  return new RegExp(`^${id}\\s${id}\\s${id}\\s${id}$`)
}
