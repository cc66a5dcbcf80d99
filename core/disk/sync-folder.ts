import { open } from 'node:fs/promises'

/** Makes the names in a folder durable: what was created, renamed or removed there. Rejects as the file system does. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    // What is durable cannot be lost by that any more, so nobody waits for it.
    void handle.close().catch(() => undefined)
  }
}
