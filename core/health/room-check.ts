import { diskRoom, leastFiles, type RoomLook } from '../disk/disk-room.ts'
import type { HealthProblem } from './health.ts'

const mebibyte = 1024 * 1024
const least = { octets: 10 * mebibyte, files: leastFiles }
const scarce = { octets: 100 * mebibyte, files: 10 * leastFiles }

/** A check whether there is room for more files in a folder, in words that name no path. `what` is kept there: `mail`. */
export async function checkRoom(
  folder: string,
  what: string,
  look?: RoomLook,
): Promise<HealthProblem | undefined> {
  const { octets, files } = await diskRoom(folder, look)
  if (octets < least.octets) return { state: 'fail', reason: `there is no room for ${what} on the disk` }
  if (files < least.files)
    return { state: 'fail', reason: `no more files can be made for ${what}: the disk has used up its inodes` }
  if (octets < scarce.octets) return { state: 'warn', reason: `there is little room for ${what} on the disk` }
  if (files < scarce.files)
    return { state: 'warn', reason: `few more files can be made for ${what}: the disk has few inodes left` }
  return undefined
}
