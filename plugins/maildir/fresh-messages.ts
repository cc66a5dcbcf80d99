import { bufferContent, type Content } from 'mailwright'

// Octets that are kept.
const most = 32 * 1024 * 1024

/** Messages that were written a moment ago, so that what is made of them needs no second look at the disk. */
export class FreshMessages {
  /** By base name, the oldest first. */
  readonly #octets = new Map<string, Buffer>()
  #size = 0

  /** Keeps a message, which must not be changed any more. The oldest give way. */
  put(base: string, octets: Buffer): void {
    this.#octets.set(base, byItself(octets))
    this.#size += octets.length
    for (const oldest of this.#octets.keys()) {
      if (this.#size <= most) return
      this.forget(oldest)
    }
  }

  get(base: string): Content | undefined {
    const octets = this.#octets.get(base)
    return octets && bufferContent(octets)
  }

  /** Forgets all for which it is so. */
  forgetThose(areDone: (base: string) => boolean): void {
    for (const base of this.#octets.keys()) if (areDone(base)) this.forget(base)
  }

  forget(base: string): void {
    this.#size -= this.#octets.get(base)?.length ?? 0
    this.#octets.delete(base)
  }
}

/** Small buffers are pieces of larger ones, which would be kept with them: five times as much, and nobody would count it. */
function byItself(octets: Buffer): Buffer {
  if (octets.buffer.byteLength <= octets.length) return octets
  const copy = Buffer.allocUnsafeSlow(octets.length)
  octets.copy(copy)
  return copy
}
