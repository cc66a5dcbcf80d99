import {
  type Address,
  type Clock,
  formatAddress,
  type Log,
  type Message,
  type ReportedRecipient,
  type StatusReport,
} from 'mailwright'
import { english } from './english.ts'
import { languageOf } from './languages.ts'
import { notificationId } from './message-id.ts'
import { createNotification, type Draft } from './notification.ts'
import { mostNamed, notificationText } from './notification-text.ts'
import type { DsnOptions } from './options.ts'
import { plainText } from './plain-text.ts'
import { type ReturnedPart, returnedHeader, returnedMessage } from './returned-part.ts'
import { Speech } from './speech.ts'
import { statusPart } from './status-part.ts'
import type { TextFacts, TextKind } from './texts.ts'
import { referencesOf } from './threading.ts'

/** What one notification is to tell, and to whom. */
export interface Telling {
  readonly to: Address
  readonly kind: TextKind
  readonly recipients: readonly ReportedRecipient[]
  /** The message may go back whole. */
  readonly whole: boolean
}

// Of the original's subject, and of our own.
const longestSubject = 120

/** Writes notifications in the languages of the options. */
export class Writer {
  readonly #options: DsnOptions
  readonly #hostname: string
  readonly #clock: Clock
  readonly #log: Log

  constructor(
    options: DsnOptions,
    { hostname, clock, log }: { readonly hostname: string; readonly clock: Clock; readonly log: Log },
  ) {
    this.#options = options
    this.#hostname = hostname
    this.#clock = clock
    this.#log = log
  }

  /** Does not reject for anything in the message, nor for texts of a config that fail. */
  async write(report: StatusReport, telling: Telling, language?: string): Promise<Message> {
    return createNotification(await this.draft(report, telling, language))
  }

  /** The same before it is a message, in a language of the options where one is named. */
  async draft(report: StatusReport, telling: Telling, language?: string): Promise<Draft> {
    const returned = await this.#returned(report, telling.whole)
    const tag = language ?? this.#languageFor(report, telling.kind)
    const { texts: languages, timeZone } = this.#options
    const speech = new Speech(tag, languages.get(tag) ?? english, timeZone)
    try {
      return this.#spoken(speech, report, telling, returned)
    } catch (error) {
      // A function of a config threw. Nobody is to stay without the notification for that.
      this.#log.error('plugin-failed', { text: `texts for "${tag}"`, error })
      return this.#spoken(new Speech('en', english, timeZone), report, telling, returned)
    }
  }

  #languageFor({ message }: StatusReport, kind: TextKind): string {
    const { language, texts, followLanguage } = this.#options
    // The postmaster has not written it.
    if (!followLanguage || kind === 'lost') return language
    return languageOf(message.header, texts) ?? language
  }

  #spoken(speech: Speech, report: StatusReport, telling: Telling, returned: ReturnedPart): Draft {
    const { kind, recipients, to } = telling
    const facts = this.#facts(speech, report, recipients)
    const { texts, tag } = speech
    const { from } = this.#options
    const name = from?.name ?? speech.line(texts.systemName, facts, 100)
    const attached = kind === 'lost' && returned.holds === 'message' ? 'lost' : returned.holds
    const story = { kind, recipients, facts, attached } as const
    return {
      from: { name, address: this.#own },
      to: to.domain === '' ? { ...to, domain: this.#hostname } : to,
      date: this.#clock.now(),
      messageId: notificationId(kind, this.#hostname),
      references: referencesOf(report.message.header),
      subject: speech.line(texts.subject[kind], facts, 2 * longestSubject),
      language: tag,
      text: notificationText(speech, story),
      status: statusPart(report, recipients, this.#hostname),
      returned,
    }
  }

  #facts(speech: Speech, report: StatusReport, recipients: readonly ReportedRecipient[]): TextFacts {
    const until = Math.max(...recipients.map(({ willRetryUntil = 0 }) => willRetryUntil))
    const lastAttempt = Math.max(...recipients.map((one) => one.lastAttempt ?? report.arrivedAt))
    return {
      host: this.#hostname,
      id: plainText(report.id, 100),
      postmaster: plainText(this.#options.help ?? formatAddress(this.#own), 300),
      subject: plainText(report.message.header.text('subject') ?? '', longestSubject),
      arrived: speech.date(report.arrivedAt),
      duration: speech.duration(lastAttempt - report.arrivedAt),
      until: until > 0 ? speech.date(until) : '',
      size: speech.size(report.size ?? report.message.size),
      recipients: recipients.length,
      more: Math.max(0, recipients.length - mostNamed),
    }
  }

  get #own(): Address {
    return this.#options.from?.address ?? { localPart: 'postmaster', domain: this.#hostname }
  }

  async #returned({ id, message, parameters, size }: StatusReport, whole: boolean): Promise<ReturnedPart> {
    const { returnLimit } = this.#options
    const smtpUtf8 = parameters.smtpUtf8 === true
    const header = () => returnedHeader(message, smtpUtf8, returnLimit)
    if (!whole || size !== undefined || message.size > returnLimit) return header()
    try {
      return (await returnedMessage(message, smtpUtf8)) ?? header()
    } catch (error) {
      this.#log.warn('unavailable', {
        transaction: id,
        text: 'a message is returned without its text',
        error,
      })
      return header()
    }
  }
}
