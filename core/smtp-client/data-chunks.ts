/** A piece of a message for one BDAT (RFC 3030 §2). */
export interface DataChunk {
  readonly octets: Buffer
  /** Nothing comes behind it: `LAST`. */
  readonly isLast: boolean
}

/** Cuts octets into chunks of `size`, the last one of what is left; a message of nothing is one empty chunk. */
export async function* dataChunks(octets: AsyncIterable<Buffer>, size: number): AsyncGenerator<DataChunk> {
  let gathered: Buffer[] = []
  let length = 0
  for await (const piece of octets) {
    let rest = piece
    // Only where there is more than fits is it known that this one is not the last.
    while (length + rest.length > size) {
      const end = size - length
      yield { octets: Buffer.concat([...gathered, rest.subarray(0, end)], size), isLast: false }
      rest = rest.subarray(end)
      gathered = []
      length = 0
    }
    gathered.push(rest)
    length += rest.length
  }
  yield { octets: Buffer.concat(gathered, length), isLast: true }
}
