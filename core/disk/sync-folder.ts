import { open } from 'node:fs/promises'

/** Makes the names in a folder durable: what was created, renamed or removed there. Rejects as the file system does. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
