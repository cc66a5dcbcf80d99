/** What came of looking for a line. The octets are without their line end. */
export type LineResult =
  | { readonly kind: 'line'; readonly octets: Buffer }
  /** A line above the limit has ended; its octets are gone. */
  | { readonly kind: 'too-long' }
  /** The client goes on with a line far above any limit. */
  | { readonly kind: 'flood' }

const lineFeed = 0x0a
const carriageReturn = 0x0d
const nothing = Buffer.alloc(0)

/** Octets of one line that are thrown away before the client is taken for an attacker. */
const floodOctets = 65_536

/**
 * Cuts what comes from the network into lines. Lines end with CRLF; a lone LF is taken as well, since people type
 * commands into tools that send nothing else and no command can be hidden by it. Holds at most the limit of an unfinished line.
 */
export class LineBuffer {
  /** Everything pushed and not forgotten; a part of `#room` where chunks were joined. */
  #octets: Buffer = nothing
  #room: Buffer = nothing
  #start = 0
  #searched = 0
  #discarded = 0

  /** Octets held. */
  get size(): number {
    return this.#octets.length - this.#start
  }

  push(chunk: Buffer): void {
    if (this.size > 0) {
      this.#append(chunk)
      return
    }
    this.clear()
    this.#octets = chunk
  }

  /** A line that trickles in is copied only now and then. What was handed out is never written to. */
  #append(chunk: Buffer): void {
    if (this.#octets.length + chunk.length > this.#room.length) this.#makeRoom(chunk.length)
    const length = this.#octets.length
    chunk.copy(this.#room, length)
    this.#octets = this.#room.subarray(0, length + chunk.length)
  }

  #makeRoom(more: number): void {
    const { size } = this
    const isGrowing = this.#room.length > 0
    this.#room = Buffer.allocUnsafeSlow((size + more) * (isGrowing ? 2 : 1))
    this.#octets.copy(this.#room, 0, this.#start)
    this.#octets = this.#room.subarray(0, size)
    this.#searched -= this.#start
    this.#start = 0
  }

  /** The next line of at most `limit` octets, its line end included, or undefined until there is more. */
  next(limit: number): LineResult | undefined {
    const end = this.#octets.indexOf(lineFeed, this.#searched)
    if (end === -1) return this.#unfinished(limit)
    const octets = this.#octets.subarray(this.#start, end)
    this.#start = end + 1
    this.#searched = this.#start
    const tooLong = this.#discarded > 0 || octets.length + 1 > limit
    this.#discarded = 0
    // An idle connection keeps no octets of the network alive.
    if (this.size === 0) this.clear()
    if (tooLong) return { kind: 'too-long' }
    const stripped = octets.at(-1) === carriageReturn ? octets.subarray(0, -1) : octets
    return { kind: 'line', octets: stripped }
  }

  #unfinished(limit: number): LineResult | undefined {
    if (this.#discarded > 0 || this.size >= limit) {
      this.#discarded += this.size
      this.clear()
      return this.#discarded > floodOctets ? { kind: 'flood' } : undefined
    }
    this.#searched = this.#octets.length
    return undefined
  }

  /** Between one and `limit` octets, whatever they are; undefined until there are some. */
  take(limit: number): Buffer | undefined {
    if (this.size === 0) return undefined
    const octets = this.#octets.subarray(this.#start, this.#start + limit)
    this.#start += octets.length
    this.#searched = this.#start
    if (this.size === 0) this.clear()
    return octets
  }

  /** Everything held, which is then forgotten. */
  rest(): Buffer {
    const octets = this.#octets.subarray(this.#start)
    this.clear()
    return octets
  }

  /** Forgets everything held. */
  clear(): void {
    this.#octets = nothing
    this.#room = nothing
    this.#start = 0
    this.#searched = 0
  }
}
