import { crlfLines } from './crlf-lines.ts'

const LF = 0x0a
const dot = Buffer.from('.')
const lineBreakAndDot = Buffer.from('\r\n.')

/**
 * A message as it goes behind DATA (RFC 5321 §4.5.2), with the line that ends it. Whatever the message holds, only CRLF
 * ends a line of it, so that no message can end before its end.
 */
export async function* dotStuffed(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let atLineStart = true
  for await (const lines of crlfLines(chunks)) {
    if (atLineStart && lines[0] === dot[0]) yield dot
    yield lines.includes(lineBreakAndDot) ? stuffed(lines) : lines
    atLineStart = lines.at(-1) === LF
  }
  yield Buffer.from('.\r\n')
}

function stuffed(lines: Buffer): Buffer {
  return Buffer.from(lines.toString('latin1').replaceAll('\r\n.', '\r\n..'), 'latin1')
}
