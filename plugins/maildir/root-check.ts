import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { HealthProblem } from 'mailwright'
import { systemCode } from './disk-errors.ts'

const problems: Readonly<Record<string, string>> = {
  EACCES: 'the folder of the mail may not be written by this user',
  EROFS: 'the file system of the mail is read-only',
}

/** Whether mail can be stored: the folder, or the one in which it is going to be made, can be written. `look` is access(2). */
export async function rootCheck(
  root: string,
  look: typeof access = access,
): Promise<HealthProblem | undefined> {
  try {
    await look(root, constants.R_OK | constants.W_OK | constants.X_OK)
    return undefined
  } catch (error) {
    const code = systemCode(error) ?? ''
    // It is made with the first mail.
    if (code === 'ENOENT' && dirname(root) !== root) return rootCheck(dirname(root), look)
    return { state: 'fail', reason: problems[code] ?? 'the folder of the mail cannot be reached' }
  }
}
