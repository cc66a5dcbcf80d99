import type { Content } from 'mailwright'
import { ConnectionLost, type LineConnection } from 'mailwright/network'
import { withAsciiHeader } from './ascii-header.ts'
import { DotStuffing } from './dot-stuffing.ts'
import type { TopLines } from './top-lines.ts'

/** Octets that are read, stuffed and written at once. */
const pieceOctets = 65_536

/** How a message is sent. */
export interface MessageForm {
  /** The line before it, without CRLF. */
  readonly status: string
  /** How much of it, where not all. */
  readonly top?: TopLines | undefined
  /** Whether the client takes a header in UTF-8; else it gets one in ASCII. */
  readonly isUtf8: boolean
}

/**
 * Writes the status line and the message, or its top, as a multi-line response; large messages piece by piece, as the
 * client reads them. Rejects with the error of the content where nothing was written yet. Later than that only the end
 * of the connection can tell the client that it does not have the message: ConnectionLost, with the error as cause.
 */
export async function sendMessage(
  connection: LineConnection,
  content: Content,
  { status, top, isUtf8 }: MessageForm,
): Promise<void> {
  const stuffing = new DotStuffing()
  let begun = false
  try {
    for await (const piece of cut(isUtf8 ? chunks(content) : withAsciiHeader(chunks(content)))) {
      if (!begun) await connection.write(`${status}\r\n`)
      begun = true
      await connection.write(stuffing.stuff(top === undefined ? piece : top.take(piece)))
      if (top?.done) break
    }
  } catch (error) {
    if (!begun || error instanceof ConnectionLost) throw error
    connection.destroy()
    throw new ConnectionLost({ cause: error })
  }
  await connection.write(stuffing.end())
}

async function* chunks(content: Content): AsyncGenerator<Buffer> {
  if (content.size <= pieceOctets) yield await content.read(0, content.size)
  else yield* content.stream() as AsyncIterable<Buffer>
}

async function* cut(given: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of given) {
    for (let start = 0; start < chunk.length || start === 0; start += pieceOctets)
      yield chunk.subarray(start, start + pieceOctets)
  }
}
