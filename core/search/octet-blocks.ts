/** Octets of a block. */
export const BLOCK = 65_536

const LF = 10
const EQUALS = 61

/**
 * Cuts octets that come in chunks into blocks of at most 64 KiB. Where a block ends follows from the octets alone, never
 * from the chunks they came in: so whoever reads blocks gets the same from any chunks.
 */
export class OctetBlocks {
  readonly #cut: (block: Buffer) => number
  #held: Buffer = Buffer.alloc(0)
  #length = 0

  /** `cut` says how much of a full block is to be one, at least one octet; the rest begins the next. */
  constructor(cut: (block: Buffer) => number) {
    this.#cut = cut
  }

  /** The blocks that are full. Each is valid until the next is asked for. */
  *add(chunk: Buffer): Generator<Buffer> {
    if (this.#held.length === 0) this.#held = Buffer.allocUnsafe(BLOCK)
    for (let at = 0; at < chunk.length; ) {
      if (this.#length === BLOCK) {
        const size = this.#cut(this.#held)
        yield this.#held.subarray(0, size)
        this.#held.copyWithin(0, size)
        this.#length = BLOCK - size
      }
      const end = Math.min(chunk.length, at + BLOCK - this.#length)
      this.#held.set(chunk.subarray(at, end), this.#length)
      this.#length += end - at
      at = end
    }
  }

  /** What is left. */
  end(): Buffer {
    const rest = this.#held.subarray(0, this.#length)
    this.#length = 0
    return rest
  }
}

/**
 * Cuts text so that no character breaks: behind a line, else behind a space or the like (octets below `0` are no part of
 * a longer character in any charset of mail that extends ASCII), else before what may be a broken UTF-8 character.
 */
export function cutText(block: Buffer): number {
  const line = block.lastIndexOf(LF)
  if (line !== -1) return line + 1
  let at = block.length
  while (at > 0 && (block[at - 1] ?? 0) >= 0x30) at -= 1
  if (at > 0) return at
  at = block.length - 1
  while (at > block.length - 4 && ((block[at] ?? 0) & 0xc0) === 0x80) at -= 1
  return (block[at] ?? 0) >= 0xc0 ? at : block.length
}

/** Cuts UTF-16, whose characters have an even number of octets. */
export function cutWideText(block: Buffer): number {
  return block.length
}

/**
 * Cuts quoted-printable so that decoding the blocks gives what decoding the whole gives: behind a line, else behind an
 * octet that is neither white space, which may have to go, nor the beginning of an encoded one.
 */
export function cutQuotedPrintable(block: Buffer): number {
  const line = block.lastIndexOf(LF)
  if (line !== -1) return line + 1
  for (let end = block.length; end >= 2; end -= 1) {
    const octet = block[end - 1] ?? 0
    if (octet > 32 && octet !== EQUALS && block[end - 2] !== EQUALS) return end
  }
  return block.length
}
