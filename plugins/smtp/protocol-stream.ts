import { setImmediate as nextTurn } from 'node:timers/promises'
import { saslResponseLimit } from 'mailwright/network'
import { SMTPStream } from 'smtp-server/lib/smtp-stream.js'

const LF = 0x0a
const CR = 0x0d
const nothing = Buffer.alloc(0)
/** How much of a line that is none is kept, to tell which command it began with. */
const startOctets = 16
/** The longest is AUTH with an initial response. Of commands less is taken, by those who know which one it is. */
const maxLineOctets = saslResponseLimit + 64
const linesPerTurn = 100

/** Why a line is no command line. */
export type LineFault = 'bare-lf' | 'too-long'

/** Takes a command line without its line end, or the start of one that is none. Resolves when the next one may come. */
export type LineHandler = (line: Buffer, fault: LineFault | undefined) => Promise<void>

/** Takes the octets of a message; answers how many were used once the end of the message was among them. */
export type DataHandler = (chunk: Buffer) => Promise<number | undefined>

/**
 * The engine's input stream with its own way of reading. Lines end with CRLF and with nothing else: a line that ends
 * with a bare LF is refused, and so is what follows it up to the next CRLF, so that nobody can hide a command in an
 * argument. One line at a time, and never more in memory than one line and one chunk.
 */
export class ProtocolStream extends SMTPStream {
  readonly #onLine: LineHandler
  #onData: DataHandler | undefined
  #isOpen = false
  #talkedEarly = false
  /** The start of a line whose end has not come. */
  #partial: Buffer = nothing
  #tooLong = false
  #tainted = false
  #lastOctet: number | undefined
  /** What of the current chunk has not been looked at, and the octets of chunks that wait behind it. */
  #rest: Buffer = nothing
  #current = 0

  constructor(onLine: LineHandler) {
    super()
    this.#onLine = onLine
  }

  /** Whether something came before `open`; it was thrown away. */
  get talkedEarly(): boolean {
    return this.#talkedEarly
  }

  /** Whether there is input behind the line that is being handled. */
  get hasMore(): boolean {
    return this.#rest.length > 0 || this.#partial.length > 0 || this.writableLength > this.#current
  }

  /** The greeting was sent: from now on input counts. */
  open(): void {
    this.#isOpen = true
  }

  /** What follows the current line is a message, until the handler has seen its end. */
  receive(onData: DataHandler): void {
    this.#onData = onData
  }

  override _write(
    chunk: Buffer,
    _encoding: BufferEncoding | 'buffer',
    next: (error?: Error | null) => void,
  ): void {
    if (!this.#isOpen) {
      this.#talkedEarly = true
      next()
      return
    }
    this.#current = chunk.length
    this.#consume(chunk).then(() => next(), next)
  }

  /** What has no line end is no command. */
  override _flushData(): void {
    this.#partial = nothing
  }

  async #consume(chunk: Buffer): Promise<void> {
    this.#rest = chunk
    for (let lines = 1; this.#rest.length > 0 && !this.isClosed; lines++) {
      if (this.#onData === undefined) await this.#readLine()
      else await this.#feed(this.#onData)
      // A chunk full of small commands must not keep other sessions waiting.
      if (lines % linesPerTurn === 0) await nextTurn()
    }
  }

  async #feed(onData: DataHandler): Promise<void> {
    const chunk = this.#rest
    this.#rest = nothing
    const used = await onData(chunk)
    if (used === undefined) return
    this.#onData = undefined
    this.#rest = chunk.subarray(used)
  }

  async #readLine(): Promise<void> {
    const end = this.#rest.indexOf(LF)
    const piece = end === -1 ? this.#rest : this.#rest.subarray(0, end + 1)
    this.#rest = this.#rest.subarray(piece.length)
    this.#tooLong ||= this.#partial.length + piece.length > maxLineOctets
    this.#partial = this.#partial.length === 0 ? piece : Buffer.concat([this.#partial, piece])
    if (this.#tooLong) this.#partial = this.#partial.subarray(0, startOctets)
    const beforeEnd = piece.length > 1 ? piece.at(-2) : this.#lastOctet
    this.#lastOctet = piece.at(-1)
    if (end !== -1) await this.#endLine(beforeEnd === CR)
    // A copy: a few octets must not keep a whole chunk in memory.
    else this.#partial = Buffer.from(this.#partial)
  }

  async #endLine(whole: boolean): Promise<void> {
    const line = this.#partial
    const tooLong = this.#tooLong
    const tainted = this.#tainted
    this.#partial = nothing
    this.#tooLong = false
    this.#tainted = !whole
    const fault = tooLong ? 'too-long' : tainted || !whole ? 'bare-lf' : undefined
    await this.#onLine(fault === undefined ? line.subarray(0, -2) : line.subarray(0, startOctets), fault)
  }
}
