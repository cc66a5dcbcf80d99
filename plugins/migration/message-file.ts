import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { type Content, MailwrightError, type Spool } from 'mailwright'
import { CrlfWriter } from './line-ends.ts'

const readAtOnce = 128 * 1024
/**
 * How files of others are opened: a FIFO in the place of a message must not hold us, and a link must not lead us to
 * what its owner may not read.
 */
export const readingWithoutLinks: number = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** A message that was read from a file of its own. */
export interface FileMessage {
  readonly content: Content
  readonly modifiedAt: Date
  dispose(): Promise<void>
}

/** Reads a file's octets with CRLF line ends. Undefined where there is no such file; MAIL_E_INVALID for what is none. */
export async function readFileMessage(path: Buffer, spool: Spool): Promise<FileMessage | undefined> {
  const file = await open(path, readingWithoutLinks).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    if (error.code === 'ELOOP') throw new MailwrightError('MAIL_E_INVALID', 'it is a symbolic link')
    throw error
  })
  if (file === undefined) return undefined
  const writer = spool.receive()
  try {
    const status = await file.stat()
    if (!status.isFile()) throw new MailwrightError('MAIL_E_INVALID', 'it is no file')
    const lines = new CrlfWriter()
    for (let at = 0; ; ) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(readAtOnce), 0, readAtOnce, at)
      if (bytesRead === 0) break
      at += bytesRead
      await writer.write(lines.add(buffer.subarray(0, bytesRead)))
    }
    return { content: await writer.finish(), modifiedAt: status.mtime, dispose: () => writer.dispose() }
  } catch (error) {
    await writer.dispose()
    throw error
  } finally {
    await file.close()
  }
}
