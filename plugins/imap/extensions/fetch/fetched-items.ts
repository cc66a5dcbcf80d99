import type { ImapArguments, ImapFetchAttribute, ImapSession } from 'mailwright/imap'

/** Items that one command may ask for. */
const mostItems = 100

/** What is fetched of messages: each item once. */
export class FetchedItems {
  readonly #session: ImapSession
  readonly attributes: Map<string, ImapFetchAttribute> = new Map()

  constructor(session: ImapSession) {
    this.#session = session
  }

  /** Reads one item (RFC 9051 §9, fetch-att). */
  read(args: ImapArguments): void {
    const name = args.word()
    const item = this.#session.server.vocabulary.fetchItems.get(name)
    const attribute = item?.(args, this.#session) ?? args.fail(`The item ${name} is unknown`)
    const known = this.attributes.get(attribute.name ?? name)
    // BODY[] and BODY.PEEK[] are answered alike; the one sets a flag, whatever else is asked for.
    this.attributes.set(attribute.name ?? name, known?.setsSeen === true ? known : attribute)
    if (this.attributes.size > mostItems) args.fail('Too many items')
  }

  /** The command is read. */
  chosen(): void {
    for (const attribute of this.attributes.values()) attribute.chosen?.()
  }

  /** Another item, which reads nothing, where it is not there already. */
  also(name: string): void {
    if (this.attributes.has(name)) return
    const item = this.#session.server.vocabulary.fetchItems.get(name)
    if (item !== undefined) this.attributes.set(name, item(noArguments, this.#session))
  }
}

/** For items that were not read: nothing stands behind their names. */
const noArguments = { sees: () => false, takes: () => false } as unknown as ImapArguments
