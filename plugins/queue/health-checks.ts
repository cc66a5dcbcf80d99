import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { checkRoom, type Database, type Health, type HealthProblem } from 'mailwright'
import type { RoomLook } from 'mailwright/disk'
import { ContentFolder } from './intake/content-folder.ts'
import { hasLargeMessages } from './intake/contents.ts'

/** Milliseconds: another process may be writing for some time. */
const patience = 5_000

/** What a queue needs to take messages. */
export interface CheckedParts {
  readonly database: Database
  /** Absolute; of the contents of large messages. */
  readonly folder: string
}

/** Adds the checks of a queue that keeps messages. */
export function addChecks(health: Health, { database, folder }: CheckedParts): void {
  health.check('tables', () => checkTables(database), { timeout: patience })
  const contents = new ContentFolder(folder, () => hasLargeMessages(database))
  health.check('folder', async () => {
    // Where nobody can say it, there are other reasons.
    const isAway = await contents.isAway().catch(() => false)
    return isAway ? problem('away') : checkFolder(folder)
  })
}

/** Rejects where the tables cannot be written now. Nothing of it stays. */
async function checkTables(database: Database): Promise<undefined> {
  const takenBack = new Error('taken back')
  // A row of its own: nobody has to wait for it, and it waits for nobody.
  const write = database.transaction(async (knex) => {
    await knex('queue_counters').where({ name: 'numbers' }).first('value')
    await knex('queue_holders').insert({ id: randomUUID(), expires_at: 0 })
    throw takenBack
  })
  await write.catch((error: unknown) => {
    if (error !== takenBack) throw error
  })
}

const problems: Readonly<Record<string, string>> = {
  away: 'the folder of large messages is not there: it may not be mounted',
  EACCES: 'the folder of large messages may not be written by this user',
  EROFS: 'the file system of large messages is read-only',
  ENOTDIR: 'the folder of large messages is none',
}

/** Whether contents can be written: to the folder, or where it is going to be made. `look` is access(2), `roomLook` statfs(2). */
export async function checkFolder(
  folder: string,
  look: typeof access = access,
  roomLook?: RoomLook,
): Promise<HealthProblem | undefined> {
  try {
    await look(folder, constants.R_OK | constants.W_OK | constants.X_OK)
    if (!(await stat(folder)).isDirectory()) return problem('ENOTDIR')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // It is made with the first large message.
    if (code === 'ENOENT' && dirname(folder) !== folder) return checkFolder(dirname(folder), look, roomLook)
    return problem(code ?? '')
  }
  return checkRoom(folder, 'large messages', roomLook)
}

function problem(code: string): HealthProblem {
  return { state: 'fail', reason: problems[code] ?? 'the folder of large messages cannot be reached' }
}
