import { constants, type Stats } from 'node:fs'
import { type FileHandle, lstat, open } from 'node:fs/promises'
import { errorText, MailwrightError, UnavailableError } from 'mailwright'
import {
  type DropEnvelope,
  dropHeadSize,
  longestDropEnvelope,
  parseDropEnvelope,
  parseDropHead,
} from 'mailwright/formats'

/** A message as a program has handed it in. */
export interface DroppedFile {
  readonly file: FileHandle
  /** The user whose file it is: who has handed it in, whatever the envelope says. */
  readonly uid: number
  /** Milliseconds since 1970. */
  readonly arrivedAt: number
  readonly envelope: DropEnvelope
  /** Where the message begins in the file. */
  readonly start: number
  /** Octets of the message. */
  readonly size: number
}

/**
 * Opens a file that was taken. Its owner may have made anything of it, and may write to it still. MAIL_E_INVALID for what is no
 * whole message in a plain file of its own, MAIL_E_NOT_FOUND where it was removed, MAIL_E_UNAVAILABLE where the disk fails.
 */
export async function openDropped(path: string, now: number): Promise<DroppedFile> {
  requirePlain(await lstat(path).catch(unopened))
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  const file = await open(path, flags).catch(unopened)
  try {
    return await readEnvelope(file, now)
  } catch (error) {
    await file.close()
    throw error
  }
}

function unopened(error: NodeJS.ErrnoException): never {
  if (error.code === 'ENOENT') throw new MailwrightError('MAIL_E_NOT_FOUND', 'somebody has removed it')
  if (error.code === 'EACCES' || error.code === 'ELOOP' || error.code === 'ENXIO')
    throw invalid(errorText(error))
  throw new UnavailableError('a message that was handed in cannot be opened', { cause: error })
}

async function readEnvelope(file: FileHandle, now: number): Promise<DroppedFile> {
  const stats = await file.stat()
  requirePlain(stats)
  const head = parseDropHead(await readExactly(file, 0, Math.min(dropHeadSize, stats.size)))
  if (head === undefined) throw invalid('it is no whole message')
  const start = dropHeadSize + head.envelope
  if (head.envelope > longestDropEnvelope || stats.size !== start + head.content)
    throw invalid('its length is not what it says')
  const envelope = parseDropEnvelope(await readExactly(file, dropHeadSize, head.envelope))
  const arrivedAt = Math.min(stats.mtimeMs, now)
  return { file, uid: stats.uid, arrivedAt, envelope, start, size: head.content }
}

function requirePlain(stats: Stats): void {
  if (!stats.isFile()) throw invalid('it is no plain file')
  if (stats.nlink !== 1) throw invalid('it has another name elsewhere')
}

/** Reads some octets of a file. MAIL_E_INVALID where it has become shorter. */
export async function readExactly(file: FileHandle, start: number, size: number): Promise<Buffer> {
  const octets = Buffer.alloc(size)
  for (let at = 0; at < size; ) {
    const { bytesRead } = await file.read(octets, at, size - at, start + at)
    if (bytesRead === 0) throw invalid('it has become shorter')
    at += bytesRead
  }
  return octets
}

function invalid(problem: string): MailwrightError {
  return new MailwrightError('MAIL_E_INVALID', problem)
}
