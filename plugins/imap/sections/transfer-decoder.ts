import { decodeBody } from 'mailwright'
import type { OctetFilter } from './octet-filter.ts'

const nothing = Buffer.alloc(0)

/**
 * What undoes a transfer encoding (RFC 2045 §6), given in lower case, piece by piece: together the same as `decodeBody`.
 * Undefined for an encoding that nobody here knows.
 */
export function transferDecoder(encoding: string): (() => OctetFilter) | undefined {
  switch (encoding) {
    case '7bit':
    case '8bit':
    case 'binary':
      return () => identity
    case 'base64':
      return () => new Base64Decoder()
    case 'quoted-printable':
      return () => new QuotedPrintableDecoder()
    default:
      return undefined
  }
}

const identity: OctetFilter = { push: (octets) => octets, end: () => nothing }

const notBase64 = /[^A-Za-z0-9+/=]+/

class Base64Decoder implements OctetFilter {
  /** Less than four characters that belong together. */
  #rest = ''

  push(octets: Buffer): Buffer {
    // Nearly always line ends are all there is to be passed over, and go faster by themselves.
    const lines = octets.toString('latin1').replaceAll('\r\n', '')
    const text = this.#rest + (notBase64.test(lines) ? lines.split(notBase64).join('') : lines)
    // Padding ends what belongs together, wherever it stands.
    const sinceEnd = text.length - (text.lastIndexOf('=') + 1)
    const end = text.length - (sinceEnd % 4)
    this.#rest = text.slice(end)
    return decoded(text.slice(0, end), 'base64')
  }

  end(): Buffer {
    return decoded(this.#rest, 'base64')
  }
}

// Lines are decoded as a whole, but for those of which no end is seen in so many octets.
const longestLine = 65_536
class QuotedPrintableDecoder implements OctetFilter {
  #rest = ''

  push(octets: Buffer): Buffer {
    const text = this.#rest + octets.toString('latin1')
    const end = text.lastIndexOf('\n') + 1
    const cut = text.length - end <= longestLine ? end : endOfPiece(text, end)
    this.#rest = text.slice(cut)
    return decoded(text.slice(0, cut), 'quoted-printable')
  }

  end(): Buffer {
    return decoded(this.#rest, 'quoted-printable')
  }
}

/** Where a line that goes on may be cut: neither within `=XX` nor behind what goes where the line ends. */
function endOfPiece(text: string, from: number): number {
  for (let at = text.length; at > from + 1; at -= 1)
    if (!'= \t\r'.includes(text.charAt(at - 1)) && text.charAt(at - 2) !== '=') return at
  return text.length
}

function decoded(text: string, encoding: string): Buffer {
  return decodeBody(Buffer.from(text, 'latin1'), encoding)
}
