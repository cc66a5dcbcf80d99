import { ConnectionLost, errorCode, type LineConnection } from 'mailwright'
import { type Answer, fault, ok, refusal, refusalFor } from './answer.ts'
import { type Command, parseNumber, words } from './command.ts'
import type { Maildrop, Numbered } from './maildrop.ts'
import { sendMessage } from './message-transfer.ts'
import { TopLines } from './top-lines.ts'

/** Lines of a listing that are written at once. */
const listingBatch = 1_000

/** The TRANSACTION state (RFC 1939 §5): everything that is done with an opened maildrop, but QUIT. */
export class Transaction {
  readonly #connection: LineConnection
  readonly #maildrop: Maildrop
  readonly #onFailure: (error: unknown) => void

  /** `onFailure` is told of errors of the store. */
  constructor(connection: LineConnection, maildrop: Maildrop, onFailure: (error: unknown) => void) {
    this.#connection = connection
    this.#maildrop = maildrop
    this.#onFailure = onFailure
  }

  /** Answers undefined where the response is written already. */
  async run({ keyword, rest }: Command): Promise<Answer | undefined> {
    const arguments_ = words(rest)
    switch (keyword) {
      case 'STAT':
        return this.#none(arguments_) ?? ok(`${this.#maildrop.count} ${this.#maildrop.octets}`)
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
        return fault('Unknown command')
    }
  }

  #none(arguments_: readonly string[]): Answer | undefined {
    return arguments_.length === 0 ? undefined : fault('No argument is expected')
  }

  /** The message that a word numbers, or what is wrong with it. */
  #find(word: string | undefined): Numbered | Answer {
    const number = word === undefined ? undefined : parseNumber(word)
    if (number === undefined) return fault('A message number is expected')
    const entry = this.#maildrop.entry(number)
    if (entry !== undefined) return { number, entry }
    if (this.#maildrop.isDeleted(number)) return refusal(`Message ${number} is deleted`)
    return refusal(`No such message, only ${this.#maildrop.highest} in the maildrop`)
  }

  #status(): string {
    return `${this.#maildrop.count} messages (${this.#maildrop.octets} octets)`
  }

  /** LIST and UIDL, for one message or all. */
  async #list(
    arguments_: readonly string[],
    value: (message: Numbered) => string,
  ): Promise<Answer | undefined> {
    if (arguments_.length > 1) return fault('One message number is expected at most')
    if (arguments_.length === 1) {
      const found = this.#find(arguments_[0])
      return 'line' in found ? found : ok(`${found.number} ${value(found)}`)
    }
    let lines = `+OK ${this.#status()}\r\n`
    let count = 0
    for (const message of this.#maildrop.messages()) {
      lines += `${message.number} ${value(message)}\r\n`
      if (++count % listingBatch !== 0) continue
      await this.#connection.write(lines)
      lines = ''
    }
    await this.#connection.write(`${lines}.\r\n`)
    return undefined
  }

  async #retrieve(arguments_: readonly string[]): Promise<Answer | undefined> {
    if (arguments_.length !== 1) return fault('One message number is expected')
    const found = this.#find(arguments_[0])
    return 'line' in found ? found : await this.#send(found, `+OK ${found.entry.size} octets`)
  }

  async #top(arguments_: readonly string[]): Promise<Answer | undefined> {
    const [word, count] = arguments_
    const lines = count === undefined ? undefined : parseNumber(count)
    if (arguments_.length !== 2 || lines === undefined)
      return fault('A message number and a number of lines are expected')
    const found = this.#find(word)
    return 'line' in found ? found : await this.#send(found, '+OK', new TopLines(lines))
  }

  async #send({ number, entry }: Numbered, status: string, top?: TopLines): Promise<Answer | undefined> {
    try {
      await sendMessage(this.#connection, status, await this.#maildrop.content(entry), top)
      return undefined
    } catch (error) {
      if (error instanceof ConnectionLost) throw error
      // Another program removed it; RFC 1939 says nothing of that, and the other messages are still there.
      if (errorCode(error) === 'MAIL_E_NOT_FOUND') return refusal(`Message ${number} is no longer there`)
      this.#onFailure(error)
      return refusalFor(error)
    }
  }

  #delete(arguments_: readonly string[]): Answer {
    if (arguments_.length !== 1) return fault('One message number is expected')
    const found = this.#find(arguments_[0])
    if ('line' in found) return found
    this.#maildrop.delete(found.number)
    return ok(`Message ${found.number} deleted`)
  }

  #reset(): Answer {
    this.#maildrop.reset()
    return ok(this.#status())
  }
}
