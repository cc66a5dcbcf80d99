import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The messages in a Maildir as they are there, one character an octet; none where there is no Maildir. */
export async function maildirMessages(folder: string): Promise<readonly string[]> {
  const found: string[] = []
  for (const part of ['new', 'cur'])
    for (const name of await readdir(join(folder, part)).catch(() => []))
      found.push(await readFile(join(folder, part, name), 'latin1'))
  return found
}
