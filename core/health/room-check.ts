import { areFilesUsedUp, diskRoom, isBelow, leastFiles, type RoomLook } from '../disk/disk-room.ts'
import type { HealthProblem } from './health.ts'

const mebibyte = 1024 * 1024
const full = { octets: 10 * mebibyte, share: 0.01 }
const scarce = { octets: 100 * mebibyte, files: 10 * leastFiles, share: 0.1 }

/** A check whether there is room for more files in a folder, in words that name no path. `what` is kept there: `mail`. */
export async function checkRoom(
  folder: string,
  what: string,
  look?: RoomLook,
): Promise<HealthProblem | undefined> {
  const room = await diskRoom(folder, look)
  const { octets, files } = room
  if (isBelow(octets, full.octets, full.share))
    return { state: 'fail', reason: `there is no room for ${what} on the disk` }
  if (areFilesUsedUp(room))
    return { state: 'fail', reason: `no more files can be made for ${what}: the disk has used up its inodes` }
  if (isBelow(octets, scarce.octets, scarce.share))
    return { state: 'warn', reason: `there is little room for ${what} on the disk` }
  if (isBelow(files, scarce.files, scarce.share))
    return { state: 'warn', reason: `few more files can be made for ${what}: the disk has few inodes left` }
  return undefined
}
