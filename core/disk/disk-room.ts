import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Something of which a disk has so much, and no more. */
export interface Supply {
  readonly free: number
  readonly total: number
}

/** What is free on a disk; Infinity where nobody can tell. */
export interface DiskRoom {
  readonly octets: Supply
  /** How many files can be made: some file systems have a number of inodes that is fixed when they are made. */
  readonly files: Supply
}

/** What of statfs(2) is looked at. */
export type RoomLook = (folder: string) => Promise<{
  readonly bavail: number
  readonly blocks: number
  readonly bsize: number
  readonly files: number
  readonly ffree: number
}>

/** With fewer than so many more files, or less than the hundredth part of those of a small disk, it counts as full. */
export const leastFiles = 100

const endless: Supply = { free: Number.POSITIVE_INFINITY, total: Number.POSITIVE_INFINITY }

/** Whether less is free than `least`, or than a share of all where that is the smaller figure. */
export function isBelow({ free, total }: Supply, least: number, share: number): boolean {
  return free < Math.min(least, total * share)
}

/** Whether hardly any more files can be made. */
export function areFilesUsedUp({ files }: DiskRoom): boolean {
  return isBelow(files, leastFiles, 0.01)
}

/** What is free where a folder is, or is going to be. Never fails. */
export async function diskRoom(folder: string, look: RoomLook = statfs): Promise<DiskRoom> {
  for (const place of [folder, dirname(folder)]) {
    try {
      const { bavail, blocks, bsize, files, ffree } = await look(place)
      return {
        octets: { free: bavail * bsize, total: blocks * bsize },
        files: files > 0 ? { free: ffree, total: files } : endless,
      }
    } catch {
      // It is made with the first file.
    }
  }
  return { octets: endless, files: endless }
}
