import { findBareLineEnd } from '../message/bare-line-end.ts'

const CR = 0x0d
const LF = 0x0a
const crlf = Buffer.from('\r\n')

/**
 * The lines of a message as SMTP has them: only CRLF ends one. A bare CR or LF, which another server may take for a line's end, is
 * made CRLF, and the last line has its end. No chunk ends within a CRLF. A message as it goes behind BDAT, where nothing of it is
 * doubled (RFC 3030 §2).
 */
export async function* crlfLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let atLineStart = true
  // A CR that ended the chunk before: its LF may come with the next.
  let hasCr = false
  for await (const chunk of chunks) {
    if (chunk.length === 0) continue
    const octets: Buffer = hasCr ? Buffer.concat([crlf.subarray(0, 1), chunk]) : chunk
    hasCr = octets.at(-1) === CR
    const lines = onlyCrlf(hasCr ? octets.subarray(0, -1) : octets)
    if (lines.length === 0) continue
    yield lines
    atLineStart = lines.at(-1) === LF
  }
  if (hasCr || !atLineStart) yield crlf
}

/** Nearly always there is nothing to do: then nothing is copied. */
function onlyCrlf(octets: Buffer): Buffer {
  if (findBareLineEnd(octets) === -1) return octets
  return Buffer.from(octets.toString('latin1').replaceAll(/\r\n|\r|\n/g, '\r\n'), 'latin1')
}
