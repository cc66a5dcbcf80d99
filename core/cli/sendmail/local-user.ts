import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'

/** Who runs the command. */
export interface LocalUser {
  readonly login: string
  /** What the system says of the person. */
  readonly fullName: string | undefined
}

/** Who runs the command. A user without a name, as containers have them, is called by the number. */
export function localUser(passwd = '/etc/passwd'): LocalUser {
  const uid = process.getuid?.() ?? -1
  const login = loginOf(uid)
  return { login, fullName: fullNameOf(passwdLine(passwd, uid), login) }
}

function loginOf(uid: number): string {
  try {
    return userInfo().username
  } catch {
    return `userid-${uid}`
  }
}

function passwdLine(file: string, uid: number): string {
  try {
    const lines = readFileSync(file, 'utf8').split('\n')
    return lines.find((line) => line.split(':')[2] === String(uid)) ?? ''
  } catch {
    return ''
  }
}

/** The first piece of the GECOS field, where `&` stands for the login with a capital. */
function fullNameOf(line: string, login: string): string | undefined {
  const [name = ''] = (line.split(':')[4] ?? '').split(',')
  const whole = name.trim().replaceAll('&', `${login.charAt(0).toUpperCase()}${login.slice(1)}`)
  return whole === '' ? undefined : whole
}
