import type { Dir } from 'node:fs'
import { opendir, stat } from 'node:fs/promises'
import { join } from 'node:path'

// Mailboxes are two levels below a root: domain and user.
const levels = 2
/** Names that are looked at: of a million mailboxes not each. */
const mostNames = 20_000

/** The links in the first levels of a folder that lead to where mail can be, and whether all names there were looked at. */
export async function linksBelow(
  folder: string,
  most: number = mostNames,
): Promise<{ readonly links: readonly string[]; readonly isWhole: boolean }> {
  const links: string[] = []
  let left = most
  const look = async (path: string, depth: number): Promise<void> => {
    // What this user cannot see is nothing that the server keeps.
    const opened: Dir | undefined = await opendir(path).catch(() => undefined)
    if (opened === undefined) return
    for await (const entry of opened) {
      if (left === 0) {
        left = -1
        break
      }
      if (left < 0) break
      left--
      const below = join(path, entry.name)
      if (entry.isSymbolicLink()) {
        if (await leadsToKept(below)) links.push(below)
      } else if (entry.isDirectory() && depth < levels) await look(below, depth + 1)
    }
  }
  await look(folder, 1)
  return { links, isWhole: left >= 0 }
}

/** Devices, such as that of a `.bash_history` that is to stay empty, keep nothing, and neither do links to nowhere. */
async function leadsToKept(link: string): Promise<boolean> {
  try {
    const target = await stat(link)
    return target.isDirectory() || target.isFile()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code !== 'ENOENT' && code !== 'ELOOP'
  }
}
