import type { AppendMessage, Content, SpoolWriter } from 'mailwright'
import type { ImapSession } from 'mailwright/imap'
import { bad, no, Refusal } from '../../engine/result.ts'
import { refusalToStore } from './admission.ts'
import { writeEncoded } from './binary-parts.ts'
import { type OctetFacts, octetFacts } from './octet-facts.ts'
import { Rewriting } from './rewriting.ts'
import type { Upload } from './upload.ts'

/**
 * Gets messages ready to be stored: octets that a store must not hold are refused, or changed where nothing is lost by it.
 * `release` frees what they need until they are stored.
 */
export class Intake {
  readonly #session: ImapSession
  readonly #target: string
  readonly #releases: (() => Promise<void>)[] = []

  /** `target` is the mailbox that the messages are for. */
  constructor(session: ImapSession, target: string) {
    this.#session = session
    this.#target = target
  }

  /** Fails with what the client is to be told. */
  async takeAll(uploads: readonly Upload[]): Promise<readonly AppendMessage[]> {
    const messages: AppendMessage[] = []
    for (const upload of uploads) messages.push(await this.take(upload))
    return messages
  }

  /** The same of one. */
  async take(upload: Upload): Promise<AppendMessage> {
    try {
      return await this.#take(upload)
    } catch (error) {
      if (!(error instanceof Refusal) || error.result.status !== 'NO') throw error
      // RFC 9051 §6.3.12: that there is no such mailbox must be said, whatever else is wrong.
      const refused = await refusalToStore(this.#session, this.#target)
      throw refused === undefined ? error : new Refusal(refused)
    }
  }

  async #take({ flags, internalDate, source }: Upload): Promise<AppendMessage> {
    if (source.release !== undefined) this.#releases.push(() => source.release?.() ?? Promise.resolve())
    const content = await source.read()
    // RFC 3502: so a client cancels the command.
    if (content.size === 0) throw new Refusal(no('Cancelled by an empty message'))
    if (content.size > this.#session.server.limits.messageSize)
      throw new Refusal(no('The message is too large', 'TOOBIG'))
    const ready = await this.#ready(content, source.binary === true)
    return { content: ready, flags, ...(internalDate && { internalDate }) }
  }

  async release(): Promise<void> {
    for (const release of this.#releases.splice(0)) await release()
  }

  async #ready(content: Content, binary: boolean): Promise<Content> {
    const facts = await octetFacts(content)
    // RFC 6855 §4.
    const { utf8, server } = this.#session
    if (facts.hasRawHeader && !utf8 && !server.limits.rawHeaders)
      throw new Refusal(no('A header with 8-bit octets needs ENABLE UTF8=ACCEPT'))
    // RFC 9051 §9: CHAR8 leaves it out.
    if (facts.hasNul && !binary) throw new Refusal(bad('NUL is not allowed in a literal'))
    if (binary && mayBeBinary(facts)) return this.#rewritten(content, writeEncoded)
    if (facts.hasBareLf) return this.#rewritten(content, (_, rewriting) => rewriting.lines(0, content.size))
    return content
  }

  async #rewritten(
    content: Content,
    write: (content: Content, rewriting: Rewriting) => Promise<void>,
  ): Promise<Content> {
    const writer: SpoolWriter = this.#session.server.receive()
    this.#releases.push(() => writer.dispose())
    const rewriting = new Rewriting(content, writer)
    await write(content, rewriting)
    return rewriting.finish()
  }
}

function mayBeBinary({ hasNul, hasBareLf, hasBareCr }: OctetFacts): boolean {
  return hasNul || hasBareLf || hasBareCr
}
