import { UnavailableError } from 'mailwright'

const longestAnswer = 16_384
// An answer is lines, and an empty one at their end.
const end = /(?:^|\n)\r?\n/

/** Puts one answer of a policy server together. */
export class AnswerReader {
  #octets: Buffer = Buffer.alloc(0)

  /** The action, once the answer is complete. MAIL_E_UNAVAILABLE for what is no answer. */
  push(octets: Buffer): string | undefined {
    this.#octets = Buffer.concat([this.#octets, octets])
    if (this.#octets.length > longestAnswer) throw new UnavailableError('its answer is too long')
    const text = this.#octets.toString()
    const found = end.exec(text)
    if (found === null) return undefined
    if (found.index + found[0].length < text.length)
      throw new UnavailableError('it answered more than it was asked')
    const [, action] = /^action[ \t]*=[ \t]*(.*)$/m.exec(text) ?? []
    if (action === undefined) throw new UnavailableError('its answer has no action')
    return action.trim()
  }
}
