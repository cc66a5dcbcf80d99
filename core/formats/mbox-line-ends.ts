export const CR = 13
export const LF = 10

const nothing = Buffer.alloc(0)

/** Turns CRLF into LF, chunk by chunk; a CR at the end of a chunk waits for what follows. */
export class LfWriter {
  #held = false

  add(chunk: Buffer): Buffer {
    const all = this.#held ? Buffer.concat([Buffer.of(CR), chunk]) : chunk
    this.#held = all.at(-1) === CR
    const pieces: Buffer[] = []
    const end = this.#held ? all.length - 1 : all.length
    let from = 0
    for (let place = all.indexOf('\r\n'); place >= 0; place = all.indexOf('\r\n', place + 2)) {
      pieces.push(all.subarray(from, place))
      from = place + 1
    }
    pieces.push(all.subarray(from, end))
    return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces)
  }

  /** What still waits. */
  end(): Buffer {
    return this.#held ? Buffer.of(CR) : nothing
  }
}

/**
 * Turns line ends of a file into CRLF, chunk by chunk. Usually that is every LF: a CR before one then belongs to the
 * line, as it came. In a message that another program has written with CRLF (`lenient`) it is only an LF without CR.
 */
export class CrlfWriter {
  readonly #lenient: boolean
  #last: number

  constructor(lenient: boolean, last = -1) {
    this.#lenient = lenient
    this.#last = last
  }

  /** The octet that came last; -1 before the first. */
  get last(): number {
    return this.#last
  }

  add(chunk: Buffer): Buffer {
    const places: number[] = []
    for (let place = chunk.indexOf(LF); place >= 0; place = chunk.indexOf(LF, place + 1)) {
      const before = place === 0 ? this.#last : chunk[place - 1]
      if (!(this.#lenient && before === CR)) places.push(place)
    }
    this.#last = chunk.at(-1) ?? this.#last
    return places.length === 0 ? chunk : withCr(chunk, places)
  }
}

function withCr(chunk: Buffer, places: readonly number[]): Buffer {
  const result = Buffer.allocUnsafe(chunk.length + places.length)
  let from = 0
  let filled = 0
  for (const place of places) {
    filled += chunk.copy(result, filled, from, place)
    result[filled++] = CR
    from = place
  }
  chunk.copy(result, filled, from)
  return result
}

/** Octets in which a message's first line must end to tell its line ends. */
export const firstLineLimit = 4096

/** Whether a message's lines end with CRLF in the file, from its first octets. */
export function hasCrlf(octets: Buffer): boolean {
  const lf = octets.subarray(0, firstLineLimit).indexOf(LF)
  return lf > 0 && octets[lf - 1] === CR
}
