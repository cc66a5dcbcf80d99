import { lutimes, readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { logDirectory } from '../../../plugins/maildir/log/segments.ts'

/** The files of the log of deliveries below a store's root. */
export async function logSegments(root: string): Promise<readonly string[]> {
  const names = await readdir(join(root, logDirectory)).catch(() => [])
  return names.filter((name) => name.includes(':'))
}

/** Makes them files of another run of the machine: what mailboxes lack is what a power cut has taken. */
export async function ageLogs(root: string): Promise<void> {
  for (const name of await logSegments(root)) {
    const aged = `${'0'.repeat(12)}${name.slice(12)}`
    await rename(join(root, logDirectory, name), join(root, logDirectory, aged))
    // In a container another boot id alone does not say that.
    await lutimes(join(root, logDirectory, aged), new Date(0), new Date(0))
  }
}
