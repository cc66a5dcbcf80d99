import { join } from 'node:path'
import { ifThere } from './disk-errors.ts'
import type { FileSystem } from './file-system.ts'
import { inbox, levelOf, withoutSuffix } from './mailbox-name.ts'

/** The mailboxes in a directory and those below it. */
export interface MailboxTree {
  /** Without INBOX, whose file is told by itself. */
  readonly names: ReadonlySet<string>
  /** With the one that was asked for. */
  readonly directories: readonly string[]
}

/** Reads a directory of mailboxes. Symbolic links are not followed, and nothing hidden counts. */
export async function readTree(files: FileSystem, root: string): Promise<MailboxTree> {
  const names = new Set<string>()
  const directories: string[] = []
  const waiting: { readonly directory: string; readonly above: readonly string[] }[] = [
    { directory: root, above: [] },
  ]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { directory, above } = next
    const entries = await ifThere(files.readdir(directory))
    if (entries === undefined) continue
    directories.push(directory)
    for (const entry of entries) {
      const level = levelOf(withoutSuffix(entry))
      if (level === undefined || isOtherInbox(above, level)) continue
      const status = await ifThere(files.lstat(join(directory, entry)))
      if (status?.isFile()) names.add([...above, level].join('/'))
      else if (status?.isDirectory() && entry === withoutSuffix(entry))
        waiting.push({ directory: join(directory, entry), above: [...above, level] })
    }
  }
  names.delete(inbox)
  return { names, directories }
}

/** Another spelling of INBOX would be INBOX. */
function isOtherInbox(above: readonly string[], level: string): boolean {
  return above.length === 0 && level !== inbox && level.toUpperCase() === inbox
}
