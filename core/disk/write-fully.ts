import type { FileHandle } from 'node:fs/promises'

/** A file that is written at places that one says. */
export interface WritableFile {
  write(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesWritten: number }>
}

/** Writes all octets behind what the file has: one call to the system may take fewer. Rejects as the file system does. */
export async function writeFully(file: FileHandle, octets: Buffer): Promise<void>
/** Writes all octets at that place of the file. */
export async function writeFully(file: WritableFile, octets: Buffer, position: number): Promise<void>
export async function writeFully(
  file: {
    write(
      buffer: Buffer,
      offset: number,
      length: number,
      position: number | null,
    ): Promise<{ readonly bytesWritten: number }>
  },
  octets: Buffer,
  position?: number,
): Promise<void> {
  for (let offset = 0; offset < octets.length; ) {
    const place = position === undefined ? null : position + offset
    const { bytesWritten } = await file.write(octets, offset, octets.length - offset, place)
    offset += bytesWritten
  }
}
