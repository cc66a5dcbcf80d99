import { MailwrightError } from 'mailwright'

/** What processes say to each other: a hint, or that hints may have been lost. */
export type Notice = { readonly topic: string; readonly payload?: unknown } | { readonly missed: true }

/** Octets that a notice may have on the wire, without its length. */
export const longestNotice: number = 64 * 1024

// A frame is the length of a notice in octets, big-endian, and the notice as JSON in UTF-8.
const lengthSize = 4

/** Throws for what is no JSON, and MAIL_E_INVALID for what is too long. */
export function encodeFrame(notice: Notice): Buffer {
  const text = JSON.stringify(notice)
  const length = Buffer.byteLength(text)
  if (length > longestNotice)
    throw new MailwrightError('MAIL_E_INVALID', `a hint of ${length} octets is longer than ${longestNotice}`)
  const frame = Buffer.allocUnsafe(lengthSize + length)
  frame.writeUInt32BE(length)
  frame.write(text, lengthSize)
  return frame
}

/** The frame of `{ missed: true }`. */
export const missedFrame: Buffer = encodeFrame({ missed: true })

/** Finds the frames in octets that come in pieces of any size, in linear time and the room of one frame. */
export class FrameReader {
  #frame: Buffer = Buffer.alloc(lengthSize)
  #filled = 0

  /** MAIL_E_INVALID for what is no notice; nothing can be read after it. */
  push(octets: Buffer, found: (notice: Notice, frame: Buffer) => void): void {
    for (let at = 0; at < octets.length; ) {
      const copied = octets.copy(this.#frame, this.#filled, at)
      at += copied
      this.#filled += copied
      if (this.#filled < this.#frame.length) return
      const frame = this.#frame
      if (this.#filled === lengthSize) this.#frame = roomFor(frame)
      else {
        this.#frame = Buffer.alloc(lengthSize)
        this.#filled = 0
        found(decode(frame), frame)
      }
    }
  }
}

/** A frame with its length in place. */
function roomFor(start: Buffer): Buffer {
  const length = start.readUInt32BE()
  if (length === 0 || length > longestNotice)
    throw new MailwrightError('MAIL_E_INVALID', `a notice of ${length} octets`)
  const frame = Buffer.allocUnsafe(lengthSize + length)
  start.copy(frame)
  return frame
}

function decode(frame: Buffer): Notice {
  let value: unknown
  try {
    value = JSON.parse(frame.toString('utf8', lengthSize))
  } catch (cause) {
    throw new MailwrightError('MAIL_E_INVALID', 'a notice that is no JSON', { cause })
  }
  const { topic, payload, missed } = Object(value) as Record<string, unknown>
  if (typeof topic === 'string') return { topic, payload }
  if (missed === true) return { missed }
  throw new MailwrightError('MAIL_E_INVALID', 'a notice without a topic')
}
