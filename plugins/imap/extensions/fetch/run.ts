import { errorCode, type FactRows, type MessageEntry, type TextFact, type TextRows } from 'mailwright'
import type { ImapFetchAttribute, ImapFetched, ImapResult, ImapSelected, ImapSession } from 'mailwright/imap'
import { withinMessageLimit } from '../../engine/message-limit.ts'
import { requireWithinLine } from '../../engine/response-octets.ts'
import { no, ok } from '../../engine/result.ts'
import { isOwnMailbox } from '../../engine/target-mailbox.ts'
import { inBatches, mostOctets, type Summarised, summarised } from './batches.ts'
import type { FetchedItems } from './fetched-items.ts'
import { markSeen } from './mark-seen.ts'
import { FetchedMessage } from './message.ts'
import type { FetchRequest } from './request.ts'

/** Messages that are opened together, ahead of the client, and their octets: what is read of them waits in memory. */
const openedTogether = 32
const octetsTogether = 256 * 1024

/** Answers a FETCH. */
export async function runFetch(request: FetchRequest): Promise<ImapResult> {
  const { session, window } = request
  const asked = request.messages()
  request.items.chosen()
  for (const task of request.tasks) await task()
  // The right to read may have been taken away, and what is known of messages is answered from memory.
  if (!isOwnMailbox(request.selected.name)) await request.selected.mailbox.refresh()
  const { entries: wanted, code: limited } = withinMessageLimit(session, asked)
  // RFC 9738 §3.1: the client has chosen how many.
  if (limited !== undefined && window !== undefined)
    return no('A command may not fetch so many', `MESSAGELIMIT ${session.server.limits.messagesPerCommand}`)
  const entries = await markSeen(request, wanted)
  await request.selected.introduce(entries)
  const gone = await fetchMessages(request, entries, limited !== undefined)
  const { attributes } = request.items
  if (attributes.has('FLAGS')) request.selected.answered(entries)
  if (attributes.has('MODSEQ')) request.selected.toldModSequences()
  return resultOf(request, gone > 0, limited)
}

function resultOf({ session }: FetchRequest, gone: boolean, limited: string | undefined): ImapResult {
  if (limited === undefined)
    // RFC 9051 §7.1: they were expunged by someone else, and the client is told so with its next command.
    return gone ? no('Some of the messages are gone', 'EXPUNGEISSUED') : ok('Fetched')
  if (!gone) return ok('Only a part was fetched', limited)
  // RFC 9738 §3.1.
  session.out.untagged(`NO [${limited}] Only a part was fetched`)
  return ok('Some of the messages are gone', 'EXPUNGEISSUED')
}

/** What FETCH responses are made of. */
export interface Fetch {
  readonly session: ImapSession
  readonly selected: ImapSelected
  /** The UID is told, asked for or not. */
  readonly byUid: boolean
  readonly items: FetchedItems
}

/**
 * Writes a FETCH response for each message, and answers how many were gone. `entries` ascend; with `descending` the last one
 * comes first.
 */
export function fetchMessages(
  fetch: Fetch,
  entries: readonly MessageEntry[],
  descending: boolean = false,
): Promise<number> {
  return new Fetching(fetch, descending).run(entries)
}

/** Some of the messages, with their summaries where these are needed. */
type Read = Pick<Summarised, 'entries'> & Partial<Summarised>

/** Some of the messages, with all that is known of them. */
interface Batch {
  readonly asked: number
  readonly messages: readonly FetchedMessage[]
  /** By attribute, for those that are kept. */
  readonly texts: readonly (TextRows | undefined)[]
}

class Fetching {
  readonly #request: Fetch
  readonly #attributes: readonly (ImapFetchAttribute & { readonly name: string })[]
  readonly #facts: readonly TextFact[]
  readonly #needsSummary: boolean
  /** Everything is written without reading anything. */
  readonly #areTexts: boolean
  readonly #isUidOnly: boolean
  readonly #descending: boolean
  #number = 0
  #gone = 0

  constructor(request: Fetch, descending: boolean) {
    this.#request = request
    this.#descending = descending
    this.#isUidOnly = request.session.enabled.has('UIDONLY')
    // RFC 9051 §6.4.9: UID FETCH tells the UID whether or not it is asked for; RFC 9586 §3.3 has it in front.
    if (request.byUid && !this.#isUidOnly) request.items.also('UID')
    this.#attributes = request.items.inOrder()
    this.#facts = this.#attributes.flatMap(({ fact }) => fact ?? [])
    this.#needsSummary = this.#attributes.some(({ needs }) => needs === 'summary')
    this.#areTexts = this.#attributes.every(({ fact, text }) => (fact ?? text) !== undefined)
  }

  /** Answers how many messages were gone. */
  async run(entries: readonly MessageEntry[]): Promise<number> {
    const batches = inBatches(entries, this.#descending, (some) => this.#read(some))
    let next = batches.next()
    try {
      for (;;) {
        const { value: batch, done } = await next
        if (done === true) return this.#gone
        next = batches.next()
        // While this one is written, the next one is read; its failure is met when its turn comes.
        next.catch(() => undefined)
        this.#gone += batch.asked - batch.messages.length
        if (this.#areTexts) await this.#fromTexts(batch)
        else await this.#fromContents(batch)
      }
    } finally {
      await batches.return()
    }
  }

  async *#read(entries: readonly MessageEntry[]): AsyncGenerator<Batch> {
    const { mailbox } = this.#request.selected
    if (!this.#needsSummary) yield* this.#withTexts({ entries })
    else for await (const some of summarised(mailbox, entries)) yield* this.#withTexts(some)
  }

  async *#withTexts({ entries, summaries }: Read): AsyncGenerator<Batch> {
    const { facts } = this.#request.selected
    for (let from = 0; from < entries.length; ) {
      const rest = entries.slice(from)
      const uids = rest.map(({ uid }) => uid)
      const rows = this.#facts.length === 0 ? undefined : await facts.load(this.#facts, uids, mostOctets)
      const some = rows === undefined ? rest : rest.slice(0, rows.asked)
      yield this.#batch(some, summaries, rows)
      from += some.length
    }
  }

  #batch(entries: readonly MessageEntry[], summaries: Read['summaries'], rows: FactRows | undefined): Batch {
    const { selected } = this.#request
    const left =
      rows === undefined || rows.uids.length === entries.length
        ? entries
        : withUids(entries, new Set(rows.uids))
    const known = summaries === undefined ? left : left.filter(({ uid }) => summaries.has(uid))
    return {
      asked: entries.length,
      messages: known.map((entry) => new FetchedMessage(selected, entry, summaries?.get(entry.uid))),
      texts: this.#attributes.map(({ fact }) => fact && rows?.texts(fact)),
    }
  }

  async #fromTexts(batch: Batch): Promise<void> {
    const { out } = this.#request.session
    const last = batch.messages.length - 1
    for (let at = 0; at <= last; at += 1) {
      const index = this.#descending ? last - at : at
      const line = this.#line(batch, index)
      if (line === undefined) await this.#whole(batch, index)
      else out.write(line)
      batch.messages[index]?.forget()
      if (out.isFull) await out.ready()
    }
    await out.ready()
  }

  async #fromContents(batch: Batch): Promise<void> {
    const { messages } = batch
    const last = messages.length - 1
    const ordered = this.#descending ? messages.toReversed() : messages
    let opened = openSome(ordered, 0)
    for (let at = 0; at <= last; ) {
      // While these are written, the next ones are read.
      const end = opened
      opened = openSome(ordered, end)
      for (; at < end; at += 1) {
        await this.#whole(batch, this.#descending ? last - at : at)
        ordered[at]?.forget()
      }
    }
  }

  /** A message that is gone leaves no trace: nothing is written before everything is at hand. */
  async #whole(batch: Batch, index: number): Promise<void> {
    const { out } = this.#request.session
    const message = batch.messages[index] as FetchedMessage
    const pieces: ImapFetched[] = []
    try {
      for (let at = 0; at < this.#attributes.length; at += 1) {
        const text = this.#text(batch, index, at)
        const piece = text === undefined ? await this.#attributes[at]?.read?.(message) : { head: text }
        if (piece === undefined) continue
        if (text === undefined) requireWithinLine(piece.head, this.#attributes[at]?.name)
        pieces.push(piece)
      }
    } catch (error) {
      if (errorCode(error) !== 'MAIL_E_NOT_FOUND') throw error
      this.#gone += 1
      return
    }
    // RFC 9051 §9, msg-att: at least one item.
    if (pieces.length === 0) return
    out.write(this.#opening(message))
    for (const [at, { head, content }] of pieces.entries()) {
      out.write(at === 0 ? head : ` ${head}`)
      if (content !== undefined) await out.content(content, 0, content.size)
    }
    out.write(')\r\n')
    await out.ready()
  }

  /** Undefined where the message has to be read. */
  #line(batch: Batch, index: number): string | undefined {
    let line = this.#opening(batch.messages[index] as FetchedMessage)
    for (let at = 0; at < this.#attributes.length; at += 1) {
      const text = this.#text(batch, index, at)
      if (text === undefined) return undefined
      line += at === 0 ? text : ` ${text}`
    }
    return `${line})\r\n`
  }

  #text({ messages, texts }: Batch, index: number, at: number): string | undefined {
    const attribute = this.#attributes[at]
    const rows = texts[at]
    if (rows !== undefined) return `${attribute?.name} ${rows.text(index)}`
    const text = attribute?.text?.(messages[index] as FetchedMessage)
    if (text !== undefined) requireWithinLine(text, attribute?.name)
    return text
  }

  #opening({ entry }: FetchedMessage): string {
    if (this.#isUidOnly) return `* ${entry.uid} UIDFETCH (`
    return `* ${this.#numberOf(entry)} FETCH (`
  }

  /** Messages come mostly in ascending order, one after the other. */
  #numberOf(entry: MessageEntry): number {
    const { selected } = this.#request
    const next = this.#number + 1
    this.#number = selected.messages[next - 1]?.uid === entry.uid ? next : selected.numberOf(entry.uid)
    return this.#number
  }
}

/** Opens some messages from there on; answers where the next ones are. */
function openSome(messages: readonly FetchedMessage[], from: number): number {
  let octets = 0
  let at = from
  for (; at < messages.length && at < from + openedTogether && octets < octetsTogether; at += 1) {
    const message = messages[at] as FetchedMessage
    octets += message.entry.size
    // Whoever waits for it learns of a failure.
    void message.content().catch(() => undefined)
  }
  return at
}

function withUids(entries: readonly MessageEntry[], uids: ReadonlySet<number>): readonly MessageEntry[] {
  return entries.filter(({ uid }) => uids.has(uid))
}
