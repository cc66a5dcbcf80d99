import {
  errorCode,
  hasAnyRight,
  type ImapFetchAttribute,
  type ImapResult,
  type MessageEntry,
  type MessageSummary,
} from 'mailwright'
import { no, ok } from '../../engine/result.ts'
import { FetchedMessage } from './message.ts'
import type { FetchRequest } from './request.ts'

/** Messages whose octets are fetched ahead, so that the disk works while the client reads. */
const ahead = 6
/** Messages between two looks at the clock. */
const atOnce = 200

/** Answers a FETCH. */
export async function runFetch(request: FetchRequest): Promise<ImapResult> {
  for (const task of request.tasks) await task()
  const entries = await markSeen(request, request.messages())
  await request.selected.introduce(entries)
  const gone = await new Fetching(request).run(entries)
  // RFC 9051 §7.1: they were expunged by someone else, and the client is told so with its next command.
  return gone === 0 ? ok('Fetched') : no('Some of the messages are gone', 'EXPUNGEISSUED')
}

/** Reading a message sets `\Seen`, and the client is told with the message (RFC 9051 §6.4.5). */
async function markSeen(
  request: FetchRequest,
  entries: readonly MessageEntry[],
): Promise<readonly MessageEntry[]> {
  const { selected, session, attributes } = request
  if (selected.isReadOnly || ![...attributes.values()].some(({ setsSeen }) => setsSeen)) return entries
  const unseen = entries.filter(({ flags }) => !flags.includes('\\Seen'))
  if (unseen.length === 0 || !session.server.store.supports.flags) return entries
  if (!hasAnyRight(await session.mail.myRights(selected.name), 's')) return entries
  const uids = unseen.map(({ uid }) => uid)
  const { entries: changed } = await selected.mailbox.changeFlags(uids, { add: ['\\Seen'] })
  selected.told(changed)
  request.also('FLAGS')
  if (session.enabled.has('CONDSTORE')) request.also('MODSEQ')
  const byUid = new Map(changed.map((entry) => [entry.uid, entry]))
  return entries.map((entry) => byUid.get(entry.uid) ?? entry)
}

class Fetching {
  readonly #request: FetchRequest
  readonly #attributes: readonly ImapFetchAttribute[]
  /** Texts alone are written without waiting for anything. */
  readonly #areTexts: boolean
  readonly #needs: ImapFetchAttribute['needs']
  readonly #word: 'FETCH' | 'UIDFETCH'
  #number = 0
  #gone = 0

  constructor(request: FetchRequest) {
    this.#request = request
    const isUidOnly = request.session.enabled.has('UIDONLY')
    // RFC 9051 §6.4.9: UID FETCH tells the UID whether or not it is asked for; RFC 9586 §3.3 has it in front.
    if (request.byUid && !isUidOnly) request.also('UID')
    this.#word = isUidOnly ? 'UIDFETCH' : 'FETCH'
    this.#attributes = [...request.attributes.values()]
    this.#areTexts = this.#attributes.every(({ text }) => text !== undefined)
    this.#needs = this.#attributes.reduce<ImapFetchAttribute['needs']>((most, { needs }) => {
      return needs === 'entry' || most === 'content' ? most : needs
    }, 'entry')
  }

  /** Answers how many messages were gone. */
  async run(entries: readonly MessageEntry[]): Promise<number> {
    if (this.#needs === 'entry') await this.#fromEntries(entries)
    else if (this.#attributes.some(({ needs }) => needs === 'summary')) await this.#fromSummaries(entries)
    else await this.#fromContents(entries.map((entry) => this.#message(entry)))
    return this.#gone
  }

  #message(entry: MessageEntry, summary?: MessageSummary): FetchedMessage {
    return new FetchedMessage(this.#request.selected, entry, summary)
  }

  async #fromEntries(entries: readonly MessageEntry[]): Promise<void> {
    const { out } = this.#request.session
    for (const [index, entry] of entries.entries()) {
      out.write(this.#line(this.#message(entry)))
      if (index % atOnce === 0 || out.isFull) await out.ready()
    }
  }

  async #fromSummaries(entries: readonly MessageEntry[]): Promise<void> {
    const { out } = this.#request.session
    const { mailbox } = this.#request.selected
    const byUid = new Map(entries.map((entry) => [entry.uid, entry]))
    const found: FetchedMessage[] = []
    let count = 0
    for await (const summary of mailbox.summaries([...byUid.keys()])) {
      const entry = byUid.get(summary.uid)
      if (entry === undefined) continue
      count += 1
      const message = this.#message(entry, summary)
      if (this.#areTexts) {
        out.write(this.#line(message))
        if (count % atOnce === 0 || out.isFull) await out.ready()
      } else if (found.push(message) === atOnce) await this.#fromContents(found.splice(0))
    }
    await this.#fromContents(found)
    this.#gone += entries.length - count
  }

  async #fromContents(messages: readonly FetchedMessage[]): Promise<void> {
    for (const [index, message] of messages.entries()) {
      for (const next of messages.slice(index, index + ahead)) void next.content().catch(() => undefined)
      await this.#whole(message)
    }
  }

  /** A message that is gone leaves no trace: nothing is written before its octets are at hand. */
  async #whole(message: FetchedMessage): Promise<void> {
    const { out } = this.#request.session
    try {
      await message.content()
    } catch (error) {
      if (errorCode(error) !== 'MAIL_E_NOT_FOUND') throw error
      this.#gone += 1
      return
    }
    out.write(this.#opening(message))
    let isFirst = true
    for (const attribute of this.#attributes) {
      if (!isFirst) out.write(' ')
      isFirst = false
      if (attribute.write === undefined) out.write(attribute.text?.(message) ?? '')
      else await attribute.write(message, out)
    }
    out.write(')\r\n')
    await out.ready()
  }

  #line(message: FetchedMessage): string {
    let line = this.#opening(message)
    const attributes = this.#attributes
    for (let index = 0; index < attributes.length; index += 1) {
      const text = (attributes[index] as ImapFetchAttribute).text?.(message) ?? ''
      line += index === 0 ? text : ` ${text}`
    }
    return `${line})\r\n`
  }

  #opening({ entry }: FetchedMessage): string {
    if (this.#word === 'UIDFETCH') return `* ${entry.uid} UIDFETCH (`
    return `* ${this.#numberOf(entry)} FETCH (`
  }

  /** Messages come in ascending order, mostly one after the other. */
  #numberOf(entry: MessageEntry): number {
    const { selected } = this.#request
    const next = this.#number + 1
    this.#number = selected.messages[next - 1]?.uid === entry.uid ? next : selected.numberOf(entry.uid)
    return this.#number
  }
}
