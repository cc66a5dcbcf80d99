import type { Stats } from 'node:fs'
import {
  chmod,
  chown,
  lstat,
  mkdir,
  opendir,
  readdir,
  rename,
  stat,
  unlink,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { MailwrightError } from 'mailwright'
import { dropNameKind } from 'mailwright/formats'

// A program that writes for longer has ended without a word.
const staleAfter = 36 * 3_600_000

/**
 * The folder where programs of the machine put messages, with folders of the server's own in it. Everybody may put files in, and
 * nobody but the server may list them; it is sticky, so that nobody can touch another's.
 */
export class DropFolder {
  readonly path: string
  /** Where the server puts what it has taken. */
  readonly taken: string
  /** Where it keeps what nobody could be told of. */
  readonly failed: string
  /** What has been answered already of messages that wait. */
  readonly settled: string

  constructor(path: string) {
    this.path = path
    this.taken = join(path, 'taken')
    this.failed = join(path, 'failed')
    this.settled = join(path, 'settled')
  }

  /**
   * Makes the folders, or makes sure of them. MAIL_E_START where the folder belongs to somebody else. Answers the folder above that
   * keeps other users out, where one does.
   */
  async prepare(gid: number | undefined): Promise<string | undefined> {
    // Closed until all is as it has to be: nobody makes a folder of ours before us.
    await mkdir(this.path, { recursive: true, mode: 0o700 })
    this.#requireOwn(await stat(this.path), this.path)
    for (const folder of [this.taken, this.failed, this.settled]) {
      await mkdir(folder, { mode: 0o700 }).catch(ignore('EEXIST'))
      this.#requireOwn(await lstat(folder), folder)
      await chmod(folder, 0o700)
    }
    if (gid !== undefined) await chown(this.path, -1, gid)
    await chmod(this.path, gid === undefined ? 0o1733 : 0o1730)
    return closedAbove(this.path, gid)
  }

  /** Only its owner may take files that others have put there. */
  #requireOwn(stats: Stats, path: string): void {
    const self = process.geteuid?.() ?? stats.uid
    if (stats.isDirectory() && (self === 0 || stats.uid === self)) return
    const problem = stats.isDirectory()
      ? 'belongs to somebody else; the server has to own it'
      : 'is no folder'
    throw new MailwrightError('MAIL_E_START', `${path} ${problem}`)
  }

  /** Names of whole messages, oldest first; some of them where there are very many. */
  async whole(most: number): Promise<readonly string[]> {
    const names: string[] = []
    for await (const entry of await opendir(this.path)) {
      // Folders of others cannot be taken away. Whatever else has such a name can, and is looked at then.
      if (dropNameKind(entry.name) === 'whole' && !entry.isDirectory()) names.push(entry.name)
      if (names.length >= most) break
    }
    return names.sort()
  }

  /** Removes what programs have left that ended before their message was whole. `now`: milliseconds since 1970. */
  async removeStale(now: number): Promise<void> {
    for await (const { name } of await opendir(this.path)) {
      if (dropNameKind(name) !== 'temporary') continue
      const path = join(this.path, name)
      const stats = await lstat(path).catch(ignore('ENOENT'))
      if (stats !== undefined && now - stats.mtimeMs > staleAfter)
        await unlink(path).catch(ignore('ENOENT', 'EISDIR', 'EPERM'))
    }
  }

  /** Keeps a file for the postmaster, with the reason beside it. */
  async keep(path: string, name: string, reason: string): Promise<void> {
    await writeFile(join(this.failed, `${name}.txt`), `${reason}\n`, { mode: 0o600 }).catch(() => undefined)
    await rename(path, join(this.failed, name))
  }

  /** What is kept, oldest first. */
  async kept(): Promise<readonly string[]> {
    const names = await readdir(this.failed).catch(ignore('ENOENT'))
    return (names ?? []).filter((name) => dropNameKind(name) === 'whole').sort()
  }
}

/** The first folder above that others, or the members of a group, cannot enter. */
async function closedAbove(path: string, gid: number | undefined): Promise<string | undefined> {
  for (let above = dirname(path); ; above = dirname(above)) {
    const { mode, gid: own } = await stat(above)
    if ((mode & 0o001) === 0 && !(gid === own && (mode & 0o010) !== 0)) return above
    if (above === dirname(above)) return undefined
  }
}

/** For `catch`: undefined for errors of these codes; others go on. */
export function ignore(...codes: readonly string[]): (error: unknown) => undefined {
  return (error) => {
    if (!codes.includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    return undefined
  }
}
