import { plainText } from './plain-text.ts'
import type { Text, Texts } from './texts.ts'

// What a text of a config may make.
const longestText = 8_000
const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** Says things in one language. */
export class Speech {
  /** RFC 5646 */
  readonly tag: string
  readonly texts: Texts
  readonly #timeZone: string | undefined

  constructor(tag: string, texts: Texts, timeZone: string | undefined) {
    this.tag = tag
    this.texts = texts
    this.#timeZone = timeZone
  }

  /** A text with its facts: lines without controls. What a function of a config throws is thrown. */
  say<Facts extends object>(text: Text<Facts>, facts: Facts): string {
    const said = typeof text === 'function' ? text(facts) : filled(text, facts)
    if (typeof said !== 'string') throw new TypeError('a text of a notification is no string')
    const lines = said.slice(0, longestText).split(/\r\n|\r|\n/)
    return lines.map((line) => plainText(line, longestText)).join('\n')
  }

  /** The same as one line. */
  line<Facts extends object>(text: Text<Facts>, facts: Facts, limit: number): string {
    return plainText(this.say(text, facts), limit)
  }

  /** Of milliseconds since 1970: `29 November 2026 at 15:57 UTC`. */
  date(time: number): string {
    const format = new Intl.DateTimeFormat(this.tag === 'en' ? 'en-GB' : this.tag, {
      day: 'numeric',
      month: 'long',
      year: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      timeZoneName: 'short',
      ...(this.#timeZone === undefined ? {} : { timeZone: this.#timeZone }),
    })
    return plainText(format.format(time), 100)
  }

  /** Of milliseconds: `5 days`, `4 hours`, `10 minutes`. */
  duration(milliseconds: number): string {
    if (milliseconds >= 2 * day) return this.#quantity(Math.round(milliseconds / day), 'day')
    if (milliseconds >= 2 * hour) return this.#quantity(Math.round(milliseconds / hour), 'hour')
    return this.#quantity(Math.max(1, Math.round(milliseconds / minute)), 'minute')
  }

  /** Of octets: `12.4 MB`. */
  size(octets: number): string {
    if (octets < 10_000) return this.#quantity(octets, 'byte')
    if (octets < 1_000_000) return this.#quantity(Math.round(octets / 1_000), 'kilobyte', 'short')
    return this.#quantity(Math.round(octets / 100_000) / 10, 'megabyte', 'short')
  }

  #quantity(value: number, unit: string, unitDisplay: 'long' | 'short' = 'long'): string {
    const format = new Intl.NumberFormat(this.tag, { style: 'unit', unit, unitDisplay })
    return plainText(format.format(value), 100)
  }
}

/** Once through: what a fact says is never taken for a name. */
function filled(template: string, facts: object): string {
  return template.replaceAll(/\{(\w{1,20})\}/g, (whole, name: string) =>
    Object.hasOwn(facts, name) ? String((facts as Record<string, unknown>)[name]) : whole,
  )
}
