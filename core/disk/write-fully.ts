import type { FileHandle } from 'node:fs/promises'

/** Writes all octets behind what the file has: one call to the system may take fewer. Rejects as the file system does. */
export async function writeFully(file: FileHandle, octets: Buffer): Promise<void> {
  for (let offset = 0; offset < octets.length; ) {
    const { bytesWritten } = await file.write(octets, offset)
    offset += bytesWritten
  }
}
