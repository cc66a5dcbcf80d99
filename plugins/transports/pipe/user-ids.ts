import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { MailwrightError } from 'mailwright'

export interface UserIds {
  readonly uid: number
  readonly gid: number
}

/** Who may become anybody. */
export const root: UserIds = { uid: 0, gid: 0 }

const run = promisify(execFile)

/**
 * The ids of a user, and of another group where `user:group` is given; undefined where there is nothing to change: we are
 * that user. MAIL_E_START where we may not become that user, or a program would have the rights of root.
 */
export async function userIds(
  user: string | undefined,
  self: UserIds = ownIds(),
): Promise<UserIds | undefined> {
  if (user === undefined) {
    if (self.uid !== 0) return undefined
    throw new MailwrightError('MAIL_E_START', 'a program must not run as root: its pipe needs a `user`')
  }
  const [name = '', group] = user.split(':')
  const uid = await idOf('-u', name)
  const gid = group === undefined ? await idOf('-g', name) : await groupId(group)
  if (uid === 0 || gid === 0)
    throw new MailwrightError('MAIL_E_START', `a program must not run as root: ${user} has its rights`)
  if (uid === self.uid && gid === self.gid) return undefined
  if (self.uid !== 0)
    throw new MailwrightError('MAIL_E_START', `only root may run a program as another user: ${user}`)
  return { uid, gid }
}

function ownIds(): UserIds {
  return { uid: process.getuid?.() ?? -1, gid: process.getgid?.() ?? -1 }
}

async function idOf(option: '-u' | '-g', name: string): Promise<number> {
  try {
    const { stdout } = await run('id', [option, '--', name])
    return Number(stdout)
  } catch (cause) {
    throw new MailwrightError('MAIL_E_START', `there is no user ${name}`, { cause })
  }
}

async function groupId(name: string): Promise<number> {
  try {
    const { stdout } = await run('getent', ['group', '--', name])
    return Number(stdout.split(':')[2])
  } catch (cause) {
    throw new MailwrightError('MAIL_E_START', `there is no group ${name}`, { cause })
  }
}
