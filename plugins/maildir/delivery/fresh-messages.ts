import { bufferContent, type Content } from 'mailwright'

// Octets that are kept.
const most = 32 * 1024 * 1024

interface Fresh {
  readonly mailbox: string
  readonly octets: Buffer
}

/** Messages that were written a moment ago, so that what is made of them needs no second look at the disk. */
export class FreshMessages {
  /** By base name, the oldest first. */
  readonly #messages = new Map<string, Fresh>()
  /** Base names by the path of the mailbox that they were written for. */
  readonly #mailboxes = new Map<string, Set<string>>()
  #size = 0

  /** Keeps a message of a mailbox, which must not be changed any more. The oldest give way. */
  put(mailbox: string, base: string, octets: Buffer): void {
    this.#messages.set(base, { mailbox, octets: byItself(octets) })
    const bases = this.#mailboxes.get(mailbox) ?? new Set()
    this.#mailboxes.set(mailbox, bases.add(base))
    this.#size += octets.length
    for (const oldest of this.#messages.keys()) {
      if (this.#size <= most) return
      this.forget(oldest)
    }
  }

  get(base: string): Content | undefined {
    const message = this.#messages.get(base)
    return message && bufferContent(message.octets)
  }

  /** Forgets all of a mailbox for which it is so. */
  forgetThose(mailbox: string, areDone: (base: string) => boolean): void {
    for (const base of this.#mailboxes.get(mailbox) ?? []) if (areDone(base)) this.forget(base)
  }

  forget(base: string): void {
    const message = this.#messages.get(base)
    if (message === undefined) return
    this.#size -= message.octets.length
    this.#messages.delete(base)
    const bases = this.#mailboxes.get(message.mailbox)
    bases?.delete(base)
    if (bases?.size === 0) this.#mailboxes.delete(message.mailbox)
  }
}

/** Small buffers are pieces of larger ones, which would be kept with them: five times as much, and nobody would count it. */
function byItself(octets: Buffer): Buffer {
  if (octets.buffer.byteLength <= octets.length) return octets
  const copy = Buffer.allocUnsafeSlow(octets.length)
  octets.copy(copy)
  return copy
}
