import { Duplex } from 'node:stream'
import { constants, createDeflateRaw, createInflateRaw, type DeflateRaw, type InflateRaw } from 'node:zlib'

// A window of 4 KiB and little memory beside it: some 20 KiB a direction, where zlib's own choice takes ten times that.
const smallWindow = { windowBits: 12, memLevel: 4, chunkSize: 4_096 }

/**
 * Raw deflate in both directions over another stream (RFC 4978 §3). What is written together is compressed and flushed
 * together, so that the other side can read it at once; back-pressure goes through both ways, so that a few octets that
 * inflate to very many cannot fill the memory.
 */
export class DeflateTransport extends Duplex {
  readonly #carrier: Duplex
  readonly #deflate: DeflateRaw = createDeflateRaw(smallWindow)
  // The other side may use any window.
  readonly #inflate: InflateRaw = createInflateRaw({ chunkSize: 4_096 })

  /** `early` are octets that have been read from the carrier already and belong to the compressed stream. */
  constructor(carrier: Duplex, early: Buffer) {
    super({ allowHalfOpen: true })
    this.#carrier = carrier
    if (early.length > 0) this.#inflate.write(early)
    this.#inflate.on('data', (octets: Buffer) => {
      if (!this.push(octets)) this.#inflate.pause()
    })
    this.#inflate.on('end', () => this.push(null))
    this.#inflate.on('error', (error) => this.destroy(error))
    this.#deflate.on('error', (error) => this.destroy(error))
    carrier.pipe(this.#inflate)
    this.#deflate.pipe(carrier)
    carrier.on('error', (error) => this.destroy(error))
    carrier.on('close', () => this.destroy())
  }

  override _read(): void {
    this.#inflate.resume()
  }

  override _write(octets: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#deflate.write(octets)
    this.#flushed(done)
  }

  override _writev(
    pieces: readonly { chunk: Buffer; encoding: BufferEncoding }[],
    done: (error?: Error | null) => void,
  ): void {
    for (const { chunk } of pieces) this.#deflate.write(chunk)
    this.#flushed(done)
  }

  /** Goes on when the carrier has room again. */
  #flushed(done: () => void): void {
    this.#deflate.flush(constants.Z_SYNC_FLUSH, () => {
      if (this.#carrier.writableNeedDrain) this.#carrier.once('drain', () => done())
      else done()
    })
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#deflate.end(() => done())
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#carrier.unpipe(this.#inflate)
    this.#inflate.destroy()
    this.#deflate.destroy()
    this.#carrier.destroy()
    done(error)
  }
}
