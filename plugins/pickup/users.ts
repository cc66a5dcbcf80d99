import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { UnavailableError } from 'mailwright'

const run = promisify(execFile)
// Nobody's PATH has a say.
const env = { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C' }
const notFound = 2

/** The login of a user of the system, also of LDAP and the like; undefined where none has the number. MAIL_E_UNAVAILABLE. */
export async function loginOf(uid: number): Promise<string | undefined> {
  return (await entry('passwd', String(uid)))?.split(':')[0]
}

/** The number of a group of the system; undefined where there is none of that name. MAIL_E_UNAVAILABLE. */
export async function groupId(name: string): Promise<number | undefined> {
  const gid = (await entry('group', name))?.split(':')[2]
  return gid === undefined ? undefined : Number(gid)
}

async function entry(database: 'passwd' | 'group', key: string): Promise<string | undefined> {
  try {
    const { stdout } = await run('getent', ['--', database, key], { env, timeout: 10_000 })
    return stdout.trim()
  } catch (error) {
    if ((error as { code?: unknown }).code === notFound) return undefined
    throw new UnavailableError(`cannot ask the system for its ${database} entries`, { cause: error })
  }
}
