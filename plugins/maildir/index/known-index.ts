import { readFully } from 'mailwright/disk'
import type { FileStatus, OpenFile } from '../files/file-system.ts'
import { frameLabel, frameLabelSize } from './index-frame.ts'
import type { IndexTable } from './index-table.ts'

/** What the file was when it was last read or written. */
export interface KnownIndex {
  readonly table: IndexTable
  readonly inode: string
  /** When it was last changed, in milliseconds; NaN where that is not known. */
  changed: number
  /** Behind the last frame that is in the table. */
  end: number
  /** Where that frame starts, and how: a file that got the inode of one that is gone does not have it there. */
  last: { readonly offset: number; readonly label: string }
  /** Octets behind `end` that are no frame. */
  rest: number
  /** Octets of the snapshot's frame. */
  readonly snapshot: number
  /** Whether all up to `end` is on the disk for sure. */
  durable: boolean
}

/** Whether the file is the one that is known, and nothing but more. */
export async function isGrown(
  { inode, end, last }: KnownIndex,
  file: OpenFile,
  status: FileStatus,
): Promise<boolean> {
  if (inodeOf(status) !== inode || status.size < end) return false
  return frameLabel(await readFully(file, frameLabelSize, last.offset)) === last.label
}

export function inodeOf({ dev, ino }: FileStatus): string {
  return `${dev}:${ino}`
}
