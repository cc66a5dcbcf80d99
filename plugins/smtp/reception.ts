import { type Content, errorText, localError, type Reply, reply, type SpoolWriter } from 'mailwright'
import { DataScanner } from './data-scanner.ts'
import { LineEnds, type LineFault, type LineRules } from './line-ends.ts'
import { tooLarge } from './replies.ts'

// RFC 5321 §2.3.8, §4.1.1.4: CR and LF come only together, and there is no NUL in a message.
const lineFaultReplies: Readonly<Record<LineFault, Reply>> = {
  'bare-cr': reply(554, '5.6.0', 'Message refused: a CR without LF in it (RFC 5321 section 2.3.8)'),
  'bare-lf': reply(554, '5.6.0', 'Message refused: an LF without CR in it (RFC 5321 section 2.3.8)'),
  nul: reply(554, '5.6.0', 'Message refused: a NUL octet in it'),
  'long-line': reply(554, '5.6.0', 'Message refused: a line in it is too long'),
}

/** Why a message that was received is not taken. */
export interface ReceptionFault {
  readonly reply: Reply
  /** For the log and the history. */
  readonly reason: string
}

export interface ReceptionRules extends LineRules {
  /** Octets of the largest message. */
  readonly maxSize: number
  /** Any octets at all are taken, and have to be looked at afterwards (RFC 3030 §3). */
  readonly binary?: boolean
}

/**
 * Takes the octets of a message: behind 354 as far as the final dot, or those of chunks. Once something is wrong, it goes on
 * taking but keeps nothing.
 */
export class Reception {
  /** On the clock's monotonic scale. */
  readonly startedAt: number
  readonly #scanner = new DataScanner()
  readonly #lineEnds: LineEnds | undefined
  readonly #maxSize: number
  readonly #spool: SpoolWriter
  #size = 0
  #fault: ReceptionFault | undefined

  constructor(spool: SpoolWriter, rules: ReceptionRules, startedAt: number) {
    this.startedAt = startedAt
    this.#spool = spool
    this.#lineEnds = rules.binary === true ? undefined : new LineEnds(rules)
    this.#maxSize = rules.maxSize
  }

  get fault(): ReceptionFault | undefined {
    return this.#fault
  }

  /**
   * Octets behind 354, dot-stuffed. Resolves when more may come: undefined, or how many octets of the chunk were used where
   * they held the end of the data. Never rejects.
   */
  async push(chunk: Buffer): Promise<number | undefined> {
    const { content, end } = this.#scanner.push(chunk)
    await this.keep(content)
    return end
  }

  /** Octets of the message as they are (RFC 3030 §2). Resolves when more may come. Never rejects. */
  async keep(content: Buffer): Promise<void> {
    if (this.#fault === undefined)
      await this.#write(this.#lineEnds === undefined ? content : this.#lineEnds.push(content))
  }

  async #write(lines: Buffer | LineFault): Promise<void> {
    if (typeof lines === 'string') return this.#fail(lineFaultReplies[lines], lines)
    if (lines.length === 0) return
    this.#size += lines.length
    if (this.#size > this.#maxSize) return this.#fail(tooLarge, 'too large')
    try {
      await this.#spool.write(lines)
    } catch (error) {
      await this.#fail(localError, errorText(error))
    }
  }

  async #fail(fault: Reply, reason: string): Promise<void> {
    this.#fault = { reply: fault, reason }
    await this.dispose()
  }

  /** Nothing follows: what has waited for more is written, or a fault now. */
  async end(): Promise<void> {
    if (this.#fault === undefined && this.#lineEnds !== undefined) await this.#write(this.#lineEnds.end())
  }

  /** All octets, where there is no fault. MAIL_E_UNAVAILABLE where the spool has lost them. */
  finish(): Promise<Content> {
    return this.#spool.finish()
  }

  /** Frees what was kept. Always to be called in the end; more than once does no harm. */
  dispose(): Promise<void> {
    return this.#spool.dispose()
  }
}
