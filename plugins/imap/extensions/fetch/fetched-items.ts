import type { ImapArguments, ImapFetchAttribute, ImapSession } from 'mailwright/imap'

/** Items that one command may ask for. */
const mostItems = 100

/** What is told though nobody has asked, in this order, and before the rest. */
const impliedFirst: readonly string[] = ['UID', 'FLAGS', 'MODSEQ']

/** What is fetched of messages: each item once. */
export class FetchedItems {
  readonly #session: ImapSession
  readonly #implied = new Set<string>()
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

  /**
   * In the order in which they are sent: what nobody has asked for comes first, then what is said of every message, then texts made of
   * the message, which may have literals, and last what may have to be read, which is mostly one. Some clients (Mail::IMAPClient) take
   * what stands behind a literal for a part of it.
   */
  inOrder(): readonly (ImapFetchAttribute & { readonly name: string })[] {
    const asked = [...this.attributes.keys()].filter((name) => !this.#implied.has(name))
    const implied = [...this.#implied].sort((a, b) => impliedFirst.indexOf(a) - impliedFirst.indexOf(b))
    const all = [...implied, ...asked].flatMap((name) => {
      const attribute = this.attributes.get(name)
      return attribute === undefined ? [] : { ...attribute, name }
    })
    return all.toSorted((a, b) => likeLiteral(a) - likeLiteral(b))
  }

  /** Another item, which reads nothing and is not asked for, where it is not there already. */
  also(name: string): void {
    if (this.attributes.has(name)) return
    this.#implied.add(name)
    this.ask(name)
  }

  /** An item by its name alone. */
  ask(name: string): void {
    const item = this.#session.server.vocabulary.fetchItems.get(name)
    if (item !== undefined) this.attributes.set(name, item(noArguments, this.#session))
  }
}

/** How much an item is like one with a literal. */
function likeLiteral({ read, fact, needs }: ImapFetchAttribute): number {
  if (read !== undefined) return 2
  return fact !== undefined || needs === 'summary' ? 1 : 0
}

/** For items that were not read: nothing stands behind their names. */
const noArguments = { sees: () => false, takes: () => false } as unknown as ImapArguments
