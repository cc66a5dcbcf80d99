import { Duplex } from 'node:stream'
import { constants, createDeflateRaw, createInflateRaw, type DeflateRaw, type InflateRaw } from 'node:zlib'
import type { Clock, Timer } from '../clock.ts'

// Half of what zlib's own choice takes; mail compresses nearly as well.
const outgoing = { windowBits: 12, memLevel: 4, chunkSize: 4_096 }
// The other side may use any window. One that stops without a last block has just closed its side.
const incoming = { chunkSize: 4_096, finishFlush: constants.Z_SYNC_FLUSH }
/** Milliseconds without a word after which the compressor is given up: some 100 KiB, of use only for what it remembers. */
const restAfter = 5_000

/**
 * Raw deflate in both directions over another stream (RFC 4978 §3). What is written together is compressed and flushed
 * together, so that the other side can read it at once; back-pressure goes through both ways, so that a few octets that
 * inflate to very many cannot fill the memory. What cannot be inflated destroys the stream and its carrier. Where nothing
 * is written for a while, little memory is held.
 */
export class DeflateTransport extends Duplex {
  readonly #carrier: Duplex
  readonly #clock: Clock
  readonly #inflate: InflateRaw = createInflateRaw(incoming)
  #deflate: DeflateRaw | undefined
  #hasWritten = false
  #rest: Timer | undefined
  #released = false

  /** `early` are octets that have been read from the carrier already and belong to the compressed stream. */
  constructor(carrier: Duplex, early: Buffer, clock: Clock) {
    super({ allowHalfOpen: true })
    this.#carrier = carrier
    this.#clock = clock
    if (early.length > 0) this.#inflate.write(early)
    this.#inflate.on('data', (octets: Buffer) => {
      if (!this.push(octets)) this.#inflate.pause()
    })
    this.#inflate.on('end', () => this.push(null))
    this.#inflate.on('error', this.#onError)
    carrier.on('error', this.#onError)
    carrier.on('close', this.#onClosed)
    carrier.pipe(this.#inflate)
  }

  readonly #onError = (error: Error): void => void this.destroy(error)
  readonly #onClosed = (): void => void this.destroy()

  override _read(): void {
    this.#inflate.resume()
  }

  override _write(octets: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#deflateAll([octets], done)
  }

  override _writev(pieces: readonly { readonly chunk: Buffer }[], done: () => void): void {
    this.#deflateAll(
      pieces.map(({ chunk }) => chunk),
      done,
    )
  }

  /** Goes on when the carrier has room again. */
  #deflateAll(pieces: readonly Buffer[], done: () => void): void {
    // Flushing nothing would be five octets.
    if (pieces.every(({ length }) => length === 0)) {
      done()
      return
    }
    const compressor = this.#compressor()
    for (const piece of pieces) compressor.write(piece)
    compressor.flush(constants.Z_SYNC_FLUSH, () => {
      if (this.#carrier.writableNeedDrain) this.#carrier.once('drain', done)
      else done()
    })
    this.#hasWritten = true
    this.#rest ??= this.#clock.after(restAfter, () => this.#restOrWait())
  }

  /** After a flush the stream can be continued by a compressor that remembers nothing (RFC 1951 §3.2.4). */
  #compressor(): DeflateRaw {
    if (this.#deflate === undefined) {
      this.#deflate = createDeflateRaw(outgoing)
      this.#deflate.on('error', this.#onError)
      this.#deflate.pipe(this.#carrier)
    }
    return this.#deflate
  }

  #restOrWait(): void {
    const isBusy = this.#hasWritten || this.writableLength > 0 || this.writableEnded
    this.#hasWritten = false
    this.#rest = isBusy ? this.#clock.after(restAfter, () => this.#restOrWait()) : undefined
    if (!isBusy) this.#dropCompressor()
  }

  /** What it has compressed is sent before. */
  #dropCompressor(): void {
    const compressor = this.#deflate
    this.#deflate = undefined
    if (compressor === undefined) return
    compressor.unpipe(this.#carrier)
    for (let left = compressor.read(); left !== null; left = compressor.read()) this.#carrier.write(left)
    compressor.destroy()
  }

  /** Finished is what the carrier has handed on. */
  override _final(done: () => void): void {
    this.#carrier.once('finish', done)
    this.#compressor().end()
  }

  /** What the carrier brings from now on is left to whoever gets it at {@link release}. */
  holdInput(): void {
    this.#carrier.unpipe(this.#inflate)
  }

  /**
   * Gives the carrier back, for what is neither sent nor received compressed any more (RFC 8437 §4.1). What was written is
   * on its way then; what came in before and was not read is lost.
   */
  async release(): Promise<Duplex> {
    this.holdInput()
    await new Promise<void>((resolve) => this.write('', () => resolve()))
    this.#dropCompressor()
    this.#carrier.off('error', this.#onError)
    this.#carrier.off('close', this.#onClosed)
    this.#released = true
    this.destroy()
    return this.#carrier
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.holdInput()
    this.#rest?.cancel()
    this.#inflate.destroy()
    this.#deflate?.destroy()
    if (!this.#released) this.#carrier.destroy()
    done(error)
  }
}
