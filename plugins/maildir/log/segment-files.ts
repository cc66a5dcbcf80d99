import { isMissing } from 'mailwright/disk'
import type { FileSystem } from '../files/file-system.ts'
import { parseSegmentName, type SegmentOwner } from './segment-name.ts'

/** A file of a log of deliveries. */
export interface SegmentFile {
  readonly name: string
  /** The part of the name that all segments of one log have in common. */
  readonly owner: string
  readonly of: SegmentOwner
}

/** The segments in a directory, whosever they are; none where there is no such directory. */
export async function segmentFiles(files: FileSystem, directory: string): Promise<readonly SegmentFile[]> {
  const names = await files.readdir(directory).catch((error: unknown) => {
    if (isMissing(error)) return []
    throw error
  })
  return names.flatMap((name) => {
    const of = parseSegmentName(name)
    return of === undefined ? [] : [{ name, of, owner: name.slice(0, name.lastIndexOf('.')) }]
  })
}
