const CR = 0x0d
// As many CRs as belong to one line end: an expression without a limit would take the square of a flood of them.
const mostCrs = 2
const anyLineEnd = /\r{0,2}\n|\r/g

/**
 * Makes CRLF of the line ends of a message as programs of a machine write it (RFC 5321 §2.3.8): LF, CRLF, and CR CR LF of programs
 * that add one too many. A CR elsewhere becomes a space: it must not end a line for one reader and none for another.
 */
export async function* withCrlf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held = Buffer.alloc(0)
  for await (const chunk of chunks) {
    const octets = held.length === 0 ? chunk : Buffer.concat([held, chunk])
    // CRs at the end may belong to an LF that comes.
    let end = octets.length
    while (end > octets.length - mostCrs && octets[end - 1] === CR) end -= 1
    held = Buffer.from(octets.subarray(end))
    if (end > 0) yield crlf(octets.subarray(0, end))
  }
  if (held.length > 0) yield crlf(held)
}

/** The same for octets that are all there. */
export function crlf(octets: Buffer): Buffer {
  const text = octets.toString('latin1')
  const changed = text.replace(anyLineEnd, (end) => (end.endsWith('\n') ? '\r\n' : ' '))
  return changed === text ? octets : Buffer.from(changed, 'latin1')
}
