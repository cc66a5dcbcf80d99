import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'

/** What is free on a disk; Infinity where nobody can tell. */
export interface DiskRoom {
  readonly octets: number
  /** How many files can be made: some file systems have a number of inodes that is fixed when they are made. */
  readonly files: number
}

/** What of statfs(2) is looked at. */
export type RoomLook = (folder: string) => Promise<{
  readonly bavail: number
  readonly bsize: number
  readonly files: number
  readonly ffree: number
}>

/** With fewer than so many more files a disk counts as full. */
export const leastFiles = 100

/** What is free where a folder is, or is going to be. Never fails. */
export async function diskRoom(folder: string, look: RoomLook = statfs): Promise<DiskRoom> {
  for (const place of [folder, dirname(folder)]) {
    try {
      const { bavail, bsize, files, ffree } = await look(place)
      return { octets: bavail * bsize, files: files > 0 ? ffree : Number.POSITIVE_INFINITY }
    } catch {
      // It is made with the first file.
    }
  }
  return { octets: Number.POSITIVE_INFINITY, files: Number.POSITIVE_INFINITY }
}
