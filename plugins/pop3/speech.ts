import type { LineConnection } from 'mailwright/network'
import { type Answer, fault, lineOf, ok, refusal, type Say } from './answer.ts'
import { defaultLanguage, isLanguageRange, type Language, languageFor, languages } from './languages.ts'

/** What is said to one client, in the language that it has chosen. */
export class Speech {
  readonly #connection: LineConnection
  #language: Language = defaultLanguage

  constructor(connection: LineConnection) {
    this.#connection = connection
  }

  /** The line of an answer, without CRLF. */
  lineOf(answer: Answer): string {
    return lineOf(answer, this.#language.texts)
  }

  async say(answer: Answer): Promise<void> {
    await this.#connection.write(`${this.lineOf(answer)}\r\n`)
  }

  /** A list with a text before it (RFC 1939 §3). No line of it begins with a dot. */
  async sayList(say: Say, list: readonly string[]): Promise<undefined> {
    const lines = [this.lineOf(ok(say)), ...list, '.']
    await this.#connection.write(lines.map((line) => `${line}\r\n`).join(''))
  }

  /** LANG (RFC 6856 §3.2): what there is, or what it shall be. Answers undefined where the response is written already. */
  async choose([range, ...others]: readonly string[]): Promise<Answer | undefined> {
    if (range === undefined) {
      const list = languages.map(({ tag, name }) => `${tag} ${name}`)
      return await this.sayList((texts) => texts.languages, list)
    }
    if (others.length > 0 || !isLanguageRange(range)) return fault((texts) => texts.notALanguage)
    const chosen = languageFor(range)
    if (chosen === undefined) return refusal((texts) => texts.unknownLanguage)
    this.#language = chosen
    return ok((texts) => `${chosen.tag} ${texts.languageChanged}`)
  }

  /** Forgets what the client has chosen. */
  reset(): void {
    this.#language = defaultLanguage
  }
}
