import { type Content, Pacer } from 'mailwright'

/** What matters of a message's octets before it is stored. */
export interface OctetFacts {
  readonly hasNul: boolean
  /** LF without CR before it. */
  readonly hasBareLf: boolean
  /** CR without LF behind it. */
  readonly hasBareCr: boolean
  /** Octets above 127 in the message's header. */
  readonly hasRawHeader: boolean
}

const chunkSize = 256 * 1024
const CR = 13
const LF = 10

/** Looks at all octets of a message, piece by piece. */
export async function octetFacts(content: Content): Promise<OctetFacts> {
  const inspection = new Inspection()
  const pacer = new Pacer()
  for (let at = 0; at < content.size; at += chunkSize) {
    inspection.add(await content.read(at, at + chunkSize))
    if (pacer.isDue) await pacer.rest()
  }
  return inspection.end()
}

class Inspection {
  #hasNul = false
  #hasRawHeader = false
  #crs = 0
  #lfs = 0
  #crlfs = 0
  #endedInCr = false
  /** What may belong to the empty line behind the header; the header may begin with it. Undefined behind the header. */
  #lineEnd: string | undefined = '\n'

  add(chunk: Buffer): void {
    if (!this.#hasNul) this.#hasNul = chunk.includes(0)
    if (this.#lineEnd !== undefined) this.#addToHeader(this.#lineEnd + chunk.toString('latin1'))
    for (let at = chunk.indexOf(CR); at >= 0; at = chunk.indexOf(CR, at + 1)) this.#crs += 1
    for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, at + 1)) {
      this.#lfs += 1
      if (at === 0 ? this.#endedInCr : chunk[at - 1] === CR) this.#crlfs += 1
    }
    this.#endedInCr = chunk.at(-1) === CR
  }

  #addToHeader(text: string): void {
    const end = /\n\r?\n/.exec(text)
    const header = end === null ? text : text.slice(0, end.index)
    this.#hasRawHeader ||= /[\x80-\xff]/.test(header)
    this.#lineEnd = end === null ? text.slice(-2) : undefined
  }

  end(): OctetFacts {
    return {
      hasNul: this.#hasNul,
      hasBareLf: this.#lfs > this.#crlfs,
      hasBareCr: this.#crs > this.#crlfs,
      hasRawHeader: this.#hasRawHeader,
    }
  }
}
