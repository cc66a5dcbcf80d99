import { decodeText, withByteOrder } from '../model/mime/charset.ts'
import { decodeBody } from '../model/mime/mime-body.ts'
import { BLOCK, cutQuotedPrintable, cutText, cutWideText, OctetBlocks } from './octet-blocks.ts'

const wideCharset = /^(?:utf-?16|ucs-?2|iso-10646-ucs-2|csunicode|unicode)/i
const notBase64 = /[^A-Za-z0-9+/=]+/g

/** Undoes a transfer encoding piece by piece; the pieces joined are what `decodeBody` makes of the whole. */
interface TransferDecoder {
  add(chunk: Buffer): Iterable<Buffer>
  end(): Buffer
}

/**
 * The text of a body that comes in chunks: transfer encoding and charset undone, in bounded memory. Up to 64 KiB the
 * text is what `decodeText` makes of the whole; beyond that each block of at most 64 KiB is decoded by itself, so that
 * one line in another charset than the others spoils no more than its block. The chunks make no difference.
 */
export class BodyText {
  readonly #charset: string | undefined
  /** That one with the order of octets that the first block tells. */
  #ordered: string | undefined
  readonly #transfer: TransferDecoder
  readonly #blocks: OctetBlocks

  constructor(encoding: string, charset: string | undefined) {
    this.#charset = charset
    this.#transfer = transferDecoder(encoding)
    this.#blocks = new OctetBlocks(wideCharset.test(charset ?? '') ? cutWideText : cutText)
  }

  /** The pieces of text that are whole. */
  *add(chunk: Buffer): Generator<string> {
    for (const octets of this.#transfer.add(chunk)) {
      for (const block of this.#blocks.add(octets)) yield this.#decoded(block)
    }
  }

  /** The rest of the text. */
  *end(): Generator<string> {
    for (const block of this.#blocks.add(this.#transfer.end())) yield this.#decoded(block)
    yield this.#decoded(this.#blocks.end())
  }

  #decoded(block: Buffer): string {
    if (block.length > 0) this.#ordered ??= withByteOrder(block, this.#charset)
    return decodeText(block, this.#ordered)
  }
}

/** The pieces of text of a body that is in memory; the same that `BodyText` answers. */
export function* bodyText(body: Buffer, encoding: string, charset: string | undefined): Generator<string> {
  if (body.length <= BLOCK) {
    yield decodeText(decodeBody(body, encoding), charset)
    return
  }
  const text = new BodyText(encoding, charset)
  yield* text.add(body)
  yield* text.end()
}

function transferDecoder(encoding: string): TransferDecoder {
  switch (encoding) {
    case 'base64':
      return new Base64Decoder()
    case 'quoted-printable':
      return new QuotedPrintableDecoder()
    default:
      return { add: (chunk) => [chunk], end: () => Buffer.alloc(0) }
  }
}

class QuotedPrintableDecoder implements TransferDecoder {
  readonly #blocks = new OctetBlocks(cutQuotedPrintable);

  *add(chunk: Buffer): Generator<Buffer> {
    for (const block of this.#blocks.add(chunk)) yield decodeBody(block, 'quoted-printable')
  }

  end(): Buffer {
    return decodeBody(this.#blocks.end(), 'quoted-printable')
  }
}

/** Decodes whole groups of four letters, counted from the last padding: that, wherever it stands, ends a group. */
class Base64Decoder implements TransferDecoder {
  #held = ''

  add(chunk: Buffer): Iterable<Buffer> {
    const text = this.#held + chunk.toString('latin1').replace(notBase64, '')
    const start = text.lastIndexOf('=') + 1
    const end = text.length - ((text.length - start) % 4)
    this.#held = text.slice(end)
    return [decodeBody(Buffer.from(text.slice(0, end), 'latin1'), 'base64')]
  }

  end(): Buffer {
    return Buffer.from(this.#held, 'base64')
  }
}
