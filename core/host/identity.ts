import { spawnSync } from 'node:child_process'
import { MailwrightError } from '../errors.ts'

/** Who a process is to the system. */
export interface Identity {
  readonly user: string
  readonly uid: number
  readonly gid: number
  /** All groups, the first included. */
  readonly groups: readonly number[]
}

/**
 * Looks a user and a group up as the system knows them (also by LDAP and the like, where NSS asks there). MAIL_E_START for
 * one that there is not, and for one with the rights of root.
 */
export function findIdentity(user: string, group: string | undefined): Identity {
  const uid = number(ask('id', ['-u', '--', user]), `user: there is no user ${user}`)
  const own = number(ask('id', ['-g', '--', user]), `user: ${user} has no group`)
  const gid = group === undefined ? own : groupId(group)
  const others = (ask('id', ['-G', '--', user]) ?? '').split(' ').filter((each) => each !== '')
  const groups = [...new Set([gid, ...others.map(Number)])].toSorted((one, other) => one - other)
  if (uid === 0) throw new MailwrightError('MAIL_E_START', `user: ${user} is root by another name`)
  if (groups.includes(0)) throw new MailwrightError('MAIL_E_START', `user: ${user} is in root's group`)
  return { user, uid, gid, groups }
}

/** A line of the group database: name, password, number, members. */
function groupId(group: string): number {
  const [, , gid] = (ask('getent', ['--', 'group', group]) ?? '').split(':')
  return number(gid, `group: there is no group ${group}`)
}

function ask(program: string, words: readonly string[]): string | undefined {
  // Run by root: nobody's PATH has a say.
  const env = { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C' }
  const { status, stdout, error } = spawnSync(program, words, { encoding: 'utf8', env, timeout: 10_000 })
  if (error !== undefined)
    throw new MailwrightError('MAIL_E_START', `user: cannot ask ${program} who that is`, { cause: error })
  return status === 0 ? stdout.trim() : undefined
}

function number(text: string | undefined, problem: string): number {
  if (text !== undefined && /^\d+$/.test(text)) return Number(text)
  throw new MailwrightError('MAIL_E_START', problem)
}
