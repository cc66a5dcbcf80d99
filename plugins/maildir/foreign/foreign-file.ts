import { isMissing, readFully, systemCode } from 'mailwright/disk'
import { openToRead } from '../files/durable-file.ts'
import type { FileSystem } from '../files/file-system.ts'

/** A file that another server keeps beside the mail. */
export interface ForeignFile {
  readonly octets: Buffer
  /** When it was last written: milliseconds since 1970. */
  readonly modified: number
}

/** More than anybody's list of mailboxes or keywords. */
export const smallFileLimit = 4_194_304
/** For lists with a line a message of about 90 octets: nearly three million messages. */
export const messageListLimit = 268_435_456

/**
 * Reads such a file whole. Undefined where there is none, or something else that a file (a symbolic link, a directory).
 * One above the limit counts as empty: it is there, and nothing in it can be trusted.
 *
 * Other errors are thrown as the system gives them: whoever cannot read the UIDs that clients know (EACCES, EMFILE, EIO)
 * must not go on and give others.
 */
export async function readForeignFile(
  files: FileSystem,
  path: string,
  mostOctets: number,
): Promise<ForeignFile | undefined> {
  try {
    const file = await openToRead(files, path)
    try {
      const status = await file.stat()
      if (!status.isFile()) return undefined
      const octets = await readFully(file, status.size > mostOctets ? 0 : status.size, 0)
      return { octets, modified: status.mtimeMs }
    } finally {
      await file.close()
    }
  } catch (error) {
    if (isMissing(error) || isSymbolicLink(error)) return undefined
    throw error
  }
}

function isSymbolicLink(error: unknown): boolean {
  return systemCode(error) === 'ELOOP'
}
