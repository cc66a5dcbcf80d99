const lineFeed = 0x0a
const dot = 0x2e
const lineFeedDot = Buffer.from('\n.')

/** What ends a multi-line response (RFC 1939 §3). */
const terminator = '.\r\n'

/**
 * Makes a message fit for a multi-line response (RFC 1939 §3), chunk after chunk: a dot at the start of a line is
 * doubled, and the end gets its CRLF, where the message lacks it, and the dot line. A lone LF counts as the end of a line
 * here, so that no message can end its own response for a client that reads lines so.
 */
export class DotStuffing {
  #last = lineFeed

  /** The octets to send: the chunk itself where nothing has to be doubled. */
  stuff(chunk: Buffer): Buffer {
    if (chunk.length === 0) return chunk
    const dots = this.#last === lineFeed && chunk[0] === dot ? [0] : []
    for (let at = chunk.indexOf(lineFeedDot); at !== -1; at = chunk.indexOf(lineFeedDot, at + 2))
      dots.push(at + 1)
    this.#last = chunk[chunk.length - 1] ?? lineFeed
    return dots.length === 0 ? chunk : doubled(chunk, dots)
  }

  /** What comes after the last chunk. */
  end(): string {
    return this.#last === lineFeed ? terminator : `\r\n${terminator}`
  }
}

/** The chunk with the dots at these places doubled. */
function doubled(chunk: Buffer, dots: readonly number[]): Buffer {
  const result = Buffer.allocUnsafe(chunk.length + dots.length)
  let from = 0
  let to = 0
  for (const at of dots) {
    to += chunk.copy(result, to, from, at)
    result[to++] = dot
    from = at
  }
  chunk.copy(result, to, from)
  return result
}
