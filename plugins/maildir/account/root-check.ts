import type { access } from 'node:fs/promises'
import { checkRoom, type HealthProblem } from 'mailwright'
import { type KeptFolder, type RoomLook, requireWritableFolder, systemCode } from 'mailwright/disk'

const problems: Readonly<Record<string, string>> = {
  EACCES: 'the folder of the mail may not be written by this user',
  EROFS: 'the file system of the mail is read-only',
}

/** Whether mail can be stored, in words that name no path. `look` is access(2), `roomLook` statfs(2). */
export async function rootCheck(
  folder: KeptFolder,
  look?: typeof access,
  roomLook?: RoomLook,
): Promise<HealthProblem | undefined> {
  try {
    await requireWritableFolder(folder, look)
  } catch (error) {
    const code = systemCode((error as Error).cause) ?? ''
    return { state: 'fail', reason: problems[code] ?? 'the folder of the mail cannot be reached' }
  }
  return checkRoom(folder.path, 'mail', roomLook)
}
