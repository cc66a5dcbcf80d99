import type { Content, MessageEntry, MessageSummary } from 'mailwright'
import type { ImapMessage, ImapSelected } from 'mailwright/imap'
import { KeptOctets } from '../../sections/kept-octets.ts'

/** A message while it is fetched. */
export class FetchedMessage implements ImapMessage {
  readonly entry: MessageEntry
  readonly selected: ImapSelected
  #keeps: KeptOctets | undefined
  #summary: MessageSummary | undefined
  #content: Promise<Content> | undefined

  constructor(selected: ImapSelected, entry: MessageEntry, summary?: MessageSummary) {
    this.selected = selected
    this.entry = entry
    this.#summary = summary
  }

  get number(): number {
    return this.selected.numberOf(this.entry.uid)
  }

  get summary(): MessageSummary {
    if (this.#summary === undefined) throw new TypeError('an item did not say that it needs the summary')
    return this.#summary
  }

  get keeps(): KeptOctets {
    this.#keeps ??= new KeptOctets()
    return this.#keeps
  }

  content(): Promise<Content> {
    this.#content ??= this.selected.mailbox.content(this.entry.uid)
    return this.#content
  }

  /** It is written: its octets are not needed any more, nor the tree of its parts, which may be large. */
  forget(): void {
    this.#content = undefined
    this.#summary = undefined
  }
}
