import type { access } from 'node:fs/promises'
import { type HealthProblem, type KeptFolder, requireWritableFolder } from 'mailwright'
import { systemCode } from './disk-errors.ts'

const problems: Readonly<Record<string, string>> = {
  EACCES: 'the folder of the mail may not be written by this user',
  EROFS: 'the file system of the mail is read-only',
}

/** Whether mail can be stored, in words that name no path. `look` is access(2). */
export async function rootCheck(
  folder: KeptFolder,
  look?: typeof access,
): Promise<HealthProblem | undefined> {
  try {
    await requireWritableFolder(folder, look)
    return undefined
  } catch (error) {
    const code = systemCode((error as Error).cause) ?? ''
    return { state: 'fail', reason: problems[code] ?? 'the folder of the mail cannot be reached' }
  }
}
