import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { projectFolder } from '../../support/project-files.ts'
import { runProcess } from '../../support/run-process.ts'
import type { Fault } from './fault.ts'
import { createSite } from './site.ts'

// docs/decisions/0027: a database is made once, and a process that has used one takes no other for it.

const file = 'mailwright.db'
/** The log comes back before the database, or a process could meet that without it. */
const files = [`${file}-wal`, `${file}-shm`, file]

/** The file is gone in the middle of the load, and comes back when the server has been killed and none started without it. */
export function fileMoved(after: number): Fault {
  return lost('SQLite file moved away, killed, put back', after, async () => undefined, refusesToStart)
}

/** Likewise, with an empty file in its place. */
export function fileEmptied(after: number): Fault {
  const emptied = (dataDir: string): Promise<void> => writeFile(join(dataDir, file), '')
  return lost('SQLite file emptied, killed, put back', after, emptied, refusesToStart)
}

/** Another system's database is in its place. A start would take that: somebody has put it there. */
export function fileExchanged(after: number): Fault {
  const exchanged = async (dataDir: string): Promise<void> => {
    await using other = await createSite({ databaseCall: 'database()', worldPort: 1 })
    // Any command makes it.
    await other.queued()
    await writeFile(join(dataDir, file), await readFile(join(other.dataDir, file)))
  }
  return lost('SQLite file exchanged, killed, put back', after, exchanged, async () => undefined)
}

function lost(
  what: string,
  after: number,
  instead: (dataDir: string) => Promise<void>,
  between: (folder: string) => Promise<void>,
): Fault {
  return {
    what,
    where: 'any',
    when: `${after} ms`,
    async befall(_pid, folder) {
      const dataDir = join(folder, 'data')
      const away = join(folder, 'away')
      const over = pause(after).then(async () => {
        await mkdir(away)
        await moveFiles(dataDir, away, files.toReversed())
        await instead(dataDir)
      })
      // Whoever detaches hears of a failure.
      over.catch(() => undefined)
      return {
        async detach() {
          await over
          await between(folder)
          for (const name of files) await rm(join(dataDir, name), { force: true })
          await moveFiles(away, dataDir, files)
          await rm(away, { recursive: true })
        },
      }
    },
  }
}

async function moveFiles(from: string, to: string, names: readonly string[]): Promise<void> {
  for (const name of names)
    await rename(join(from, name), join(to, name)).catch((error: NodeJS.ErrnoException) => {
      // A log is there only while a process has the database open.
      if (error.code !== 'ENOENT' || name === file) throw error
    })
}

async function refusesToStart(folder: string): Promise<void> {
  const words = ['--conditions=mailwright-source', join(projectFolder, 'core/cli/main.ts'), 'queue', 'list']
  const { code, stderr } = await runProcess(process.execPath, words, { folder })
  if (code === 0 || !stderr.includes('put the database back'))
    throw new Error(`a database that is lost was made anew: ${stderr}`)
}
