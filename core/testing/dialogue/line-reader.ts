import type { Duplex } from 'node:stream'

// A server that never ends a line must not fill the memory of a test.
const longestLine = 16 * 1024 * 1024

interface Waiting {
  resolve(line: string | undefined): void
}

/**
 * Takes the lines that come from a server, as UTF-8 and without CRLF. A line that ends with a bare LF is shown with
 * `<LF>` behind it, one that the end of the connection cut off with `<cut>`: both are faults of the server.
 */
export class LineReader {
  readonly #lines: string[] = []
  #rest: Buffer = Buffer.alloc(0)
  #ended = false
  #waiting: Waiting | undefined
  #stream: Duplex | undefined
  readonly #take = (chunk: Buffer): void => this.#receive(chunk)
  readonly #end = (): void => this.#finish()

  constructor(stream: Duplex) {
    this.attach(stream)
  }

  /** Reads on from another stream: the same connection with TLS. */
  attach(stream: Duplex): void {
    this.detach()
    this.#stream = stream
    stream.on('data', this.#take)
    for (const event of ['end', 'close', 'error']) stream.on(event, this.#end)
  }

  /** Leaves the stream to somebody else. */
  detach(): void {
    this.#stream?.off('data', this.#take)
    for (const event of ['end', 'close', 'error']) this.#stream?.off(event, this.#end)
    this.#stream?.pause()
    this.#stream = undefined
  }

  /** Lines that have come and were not asked for. */
  get pending(): readonly string[] {
    return this.#lines
  }

  /** The next line; undefined at the end of the connection. Only one call at a time. */
  next(): Promise<string | undefined> {
    const line = this.#lines.shift()
    if (line !== undefined || this.#ended) return Promise.resolve(line)
    return new Promise((resolve) => {
      this.#waiting = { resolve }
    })
  }

  /** Ends the wait of `next`, with nothing. */
  giveUp(): void {
    this.#waiting?.resolve(undefined)
    this.#waiting = undefined
  }

  #receive(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk])
    let start = 0
    for (let end = this.#rest.indexOf(10); end >= 0; end = this.#rest.indexOf(10, start)) {
      const whole = end > start && this.#rest[end - 1] === 13
      this.#add(`${this.#rest.toString('utf8', start, whole ? end - 1 : end)}${whole ? '' : '<LF>'}`)
      start = end + 1
    }
    this.#rest = this.#rest.subarray(start)
    if (this.#rest.length > longestLine) this.#finish()
  }

  #finish(): void {
    if (this.#ended) return
    this.#ended = true
    if (this.#rest.length > 0) this.#add(`${this.#rest.toString('utf8', 0, longestLine)}<cut>`)
    this.giveUp()
  }

  #add(line: string): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting === undefined) this.#lines.push(line)
    else waiting.resolve(line)
  }
}
