import { errorCode, Pacer } from 'mailwright'
import { ConnectionLost, type LineConnection } from 'mailwright/network'
import { type Answer, fault, ok, refusal, refusalFor } from './answer.ts'
import { type Command, parseNumber, words } from './command.ts'
import type { Maildrop, Numbered } from './maildrop.ts'
import { sendMessage } from './message-transfer.ts'
import type { Speech } from './speech.ts'
import { TopLines } from './top-lines.ts'

/** Lines of a listing that are written at once. */
const listingBatch = 1_000

/** What the TRANSACTION state works with. */
export interface TransactionParts {
  readonly connection: LineConnection
  readonly speech: Speech
  readonly maildrop: Maildrop
  /** The client takes headers in UTF-8 (RFC 6856 §2.1). */
  readonly isUtf8: boolean
  /** Told of errors of the store. */
  readonly onFailure: (error: unknown) => void
}

/** The TRANSACTION state (RFC 1939 §5): everything that is done with an opened maildrop, but QUIT. */
export class Transaction {
  readonly #connection: LineConnection
  readonly #maildrop: Maildrop
  readonly #isUtf8: boolean
  readonly #speech: Speech
  readonly #onFailure: (error: unknown) => void

  constructor({ connection, speech, maildrop, isUtf8, onFailure }: TransactionParts) {
    this.#connection = connection
    this.#maildrop = maildrop
    this.#isUtf8 = isUtf8
    this.#speech = speech
    this.#onFailure = onFailure
  }

  /** Answers undefined where the response is written already. */
  async run({ keyword, rest }: Command): Promise<Answer | undefined> {
    const arguments_ = words(rest)
    switch (keyword) {
      case 'STAT':
        return this.#none(arguments_) ?? this.#stat()
      case 'LIST':
        return await this.#list(arguments_, ({ entry }) => `${entry.size}`)
      case 'UIDL':
        return await this.#list(arguments_, ({ entry }) => this.#maildrop.uniqueId(entry))
      case 'RETR':
        return await this.#retrieve(arguments_)
      case 'TOP':
        return await this.#top(arguments_)
      case 'DELE':
        return this.#delete(arguments_)
      case 'NOOP':
        return this.#none(arguments_) ?? ok()
      case 'RSET':
        return this.#none(arguments_) ?? this.#reset()
      default:
        return fault((texts) => texts.unknownCommand)
    }
  }

  #none(arguments_: readonly string[]): Answer | undefined {
    return arguments_.length === 0 ? undefined : fault((texts) => texts.noArgument)
  }

  /** The message that a word numbers, or what is wrong with it. */
  #find(word: string | undefined): Numbered | Answer {
    const number = word === undefined ? undefined : parseNumber(word)
    if (number === undefined) return fault((texts) => texts.numberExpected)
    const entry = this.#maildrop.entry(number)
    if (entry !== undefined) return { number, entry }
    if (this.#maildrop.isDeleted(number)) return refusal((texts) => texts.isDeleted(number))
    const { highest } = this.#maildrop
    return refusal((texts) => texts.noSuchMessage(highest))
  }

  /** RFC 1939 §5: two numbers, for programs. */
  #stat(): Answer {
    const { count, octets } = this.#maildrop
    return ok(() => `${count} ${octets}`)
  }

  #status(): Answer {
    const { count, octets } = this.#maildrop
    return ok((texts) => texts.status(count, octets))
  }

  /** LIST and UIDL, for one message or all. */
  async #list(
    arguments_: readonly string[],
    value: (message: Numbered) => string,
  ): Promise<Answer | undefined> {
    if (arguments_.length > 1) return fault((texts) => texts.oneNumberAtMost)
    if (arguments_.length === 1) {
      const found = this.#find(arguments_[0])
      return 'status' in found ? found : ok(() => `${found.number} ${value(found)}`)
    }
    let lines = `${this.#speech.lineOf(this.#status())}\r\n`
    let count = 0
    const pacer = new Pacer()
    for (const message of this.#maildrop.messages()) {
      lines += `${message.number} ${value(message)}\r\n`
      if (++count % listingBatch !== 0) continue
      await this.#connection.write(lines)
      lines = ''
      if (pacer.isDue) await pacer.rest()
    }
    await this.#connection.write(`${lines}.\r\n`)
    return undefined
  }

  async #retrieve(arguments_: readonly string[]): Promise<Answer | undefined> {
    if (arguments_.length !== 1) return fault((texts) => texts.oneNumberExpected)
    const found = this.#find(arguments_[0])
    return 'status' in found
      ? found
      : await this.#send(
          found,
          ok((texts) => texts.octets(found.entry.size)),
        )
  }

  async #top(arguments_: readonly string[]): Promise<Answer | undefined> {
    const [word, count] = arguments_
    const lines = count === undefined ? undefined : parseNumber(count)
    if (arguments_.length !== 2 || lines === undefined) return fault((texts) => texts.numberAndLinesExpected)
    const found = this.#find(word)
    return 'status' in found ? found : await this.#send(found, ok(), new TopLines(lines))
  }

  async #send({ number, entry }: Numbered, status: Answer, top?: TopLines): Promise<Answer | undefined> {
    try {
      const content = await this.#maildrop.content(entry)
      const form = { status: this.#speech.lineOf(status), top, isUtf8: this.#isUtf8 }
      await sendMessage(this.#connection, content, form)
      return undefined
    } catch (error) {
      if (error instanceof ConnectionLost) throw error
      // Another program removed it; RFC 1939 says nothing of that, and the other messages are still there.
      if (errorCode(error) === 'MAIL_E_NOT_FOUND') return refusal((texts) => texts.isGone(number))
      this.#onFailure(error)
      return refusalFor(error)
    }
  }

  #delete(arguments_: readonly string[]): Answer {
    if (arguments_.length !== 1) return fault((texts) => texts.oneNumberExpected)
    const found = this.#find(arguments_[0])
    if ('status' in found) return found
    this.#maildrop.delete(found.number)
    return ok((texts) => texts.deleted(found.number))
  }

  #reset(): Answer {
    this.#maildrop.reset()
    return this.#status()
  }
}
