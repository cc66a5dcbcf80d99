import { UnavailableError } from 'mailwright'

/** One packet of either side: a code of one character, and what belongs to it. */
export interface Packet {
  readonly code: string
  readonly data: Buffer
}

const lengthOctets = 4

/** The octets of a packet. Texts end with NUL, and are UTF-8. */
export function formatPacket(code: string, ...parts: readonly (string | Buffer)[]): Buffer {
  const octets = parts.map((part) => (typeof part === 'string' ? formatText(part) : part))
  const head = Buffer.alloc(lengthOctets + 1)
  const length = octets.reduce((sum, part) => sum + part.length, 1)
  head.writeUInt32BE(length)
  head.write(code, lengthOctets, 'latin1')
  return Buffer.concat([head, ...octets])
}

/** A text as the protocol has it. A NUL inside would end it early. */
function formatText(text: string): Buffer {
  return Buffer.from(`${text.replaceAll('\0', ' ')}\0`)
}

/** What a milter's packets may have, in octets. */
export interface PacketLimits {
  readonly longest: number
  /** For one that replaces the body. */
  readonly longestBody: number
}

/** The code of a packet that replaces the body. Some milters send all of it in one, as libmilter never does. */
export const bodyCode = 'b'

/** Takes packets out of octets that come in pieces of any size. A body that is longer than a packet may be comes as several. */
export class PacketReader {
  readonly #limits: PacketLimits
  #pieces: Buffer[] = []
  #held = 0
  /** Octets of the packet that have not been taken. */
  #left: number | undefined
  #code: string | undefined

  constructor(limits: PacketLimits) {
    this.#limits = limits
  }

  push(piece: Buffer): void {
    this.#pieces.push(piece)
    this.#held += piece.length
  }

  /** The next whole packet; undefined where more octets are needed. MAIL_E_UNAVAILABLE for a length that cannot be. */
  next(): Packet | undefined {
    this.#left ??= this.#held < lengthOctets ? undefined : this.#length()
    if (this.#left === undefined || (this.#code === undefined && this.#held === 0)) return undefined
    const code = this.#code ?? this.#begin(this.#left)
    const octets = Math.min(this.#left, this.#limits.longest - 1)
    if (this.#held < octets) return undefined
    const data = this.#take(octets)
    this.#left -= octets
    if (this.#left === 0) this.#left = this.#code = undefined
    return { code, data }
  }

  #length(): number {
    const { longest, longestBody } = this.#limits
    const length = this.#take(lengthOctets).readUInt32BE()
    if (length >= 1 && length <= Math.max(longest, longestBody + 1)) return length
    throw tooLong(length)
  }

  #begin(length: number): string {
    const code = this.#take(1).toString('latin1')
    if (code !== bodyCode && length > this.#limits.longest) throw tooLong(length)
    this.#code = code
    this.#left = length - 1
    return code
  }

  /** The first octets of what is held. The pieces are joined only where a packet is whole. */
  #take(octets: number): Buffer {
    const [first] = this.#pieces
    const all = first !== undefined && this.#pieces.length === 1 ? first : Buffer.concat(this.#pieces)
    const rest = all.subarray(octets)
    this.#pieces = rest.length === 0 ? [] : [rest]
    this.#held = rest.length
    return all.subarray(0, octets)
  }
}

function tooLong(length: number): UnavailableError {
  return new UnavailableError(`it sent a packet of ${length} octets`)
}

/** Reads what belongs to a packet, part by part. MAIL_E_UNAVAILABLE where something is missing. */
export class PacketParts {
  #rest: Buffer

  constructor({ data }: Packet) {
    this.#rest = data
  }

  get isEmpty(): boolean {
    return this.#rest.length === 0
  }

  number(): number {
    if (this.#rest.length < lengthOctets) throw new UnavailableError('it sent a packet that is too short')
    const value = this.#rest.readUInt32BE()
    this.#rest = this.#rest.subarray(lengthOctets)
    return value
  }

  /** A text up to its NUL. UTF-8; what is not is read as Latin-1. */
  text(): string {
    const end = this.#rest.indexOf(0)
    if (end === -1) throw new UnavailableError('it sent a text without an end')
    const octets = this.#rest.subarray(0, end)
    this.#rest = this.#rest.subarray(end + 1)
    const text = octets.toString()
    return text.includes('\ufffd') ? octets.toString('latin1') : text
  }

  /** Nothing may be left. */
  end(): void {
    if (!this.isEmpty) throw new UnavailableError('it sent a packet that is too long')
  }
}
