import { access, mkdir, readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { UnavailableError } from 'mailwright'
import { syncFolder } from 'mailwright/disk'

const mark = '.mailwright.queue'
const markHelp =
  'Here are the large messages of a queue. Where this file is not, the queue takes the folder for the mount point of a disk that is away.\n'

/** The folder of large contents. A mark in it tells it from the mount point of a disk that is away. */
export class ContentFolder {
  readonly path: string
  readonly #awaitsFiles: () => Promise<boolean>

  /** `awaitsFiles` says whether a message waits whose file has to be in it, and is not known to be lost. */
  constructor(path: string, awaitsFiles: () => Promise<boolean>) {
    this.path = path
    this.#awaitsFiles = awaitsFiles
  }

  /** Whether a file that is not in it is lost: else all of it may be somewhere else. */
  async isThere(): Promise<boolean> {
    if (await exists(join(this.path, mark))) return true
    if ((await this.files()).length === 0) return false
    // Of a version before there were marks. Where it cannot be written, the files tell as well.
    await this.#writeMark().catch(() => undefined)
    return true
  }

  /** Whether it is somewhere else, as far as is known. Rejects where nobody can say. */
  async isAway(): Promise<boolean> {
    if ((await this.isThere()) || !(await this.#awaitsFiles())) return false
    // What waits may have come between the two looks, with the mark.
    return !(await this.isThere())
  }

  /** Makes it where it is to have its first file. MAIL_E_UNAVAILABLE where it is away: nothing is written below a mount point. */
  async make(): Promise<void> {
    if (await this.isThere()) return
    if (await this.isAway()) throw folderAway()
    const made = await mkdir(this.path, { recursive: true, mode: 0o700 })
    // Without its own entry a power cut could take it with all that is in it.
    if (made !== undefined) await syncFolder(dirname(made))
    await this.#writeMark()
  }

  /** The names of contents in it; none where it is not there. */
  async files(): Promise<readonly string[]> {
    const names = await readdir(this.path).catch(() => [])
    return names.filter((name) => /^\d{1,16}$/.test(name))
  }

  #writeMark(): Promise<void> {
    return writeFile(join(this.path, mark), markHelp, { mode: 0o600 })
  }
}

export function folderAway(): UnavailableError {
  return new UnavailableError(
    `the folder of the queue's large messages is not there: mount it, or make it anew with an empty file ${mark} in it`,
  )
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}
