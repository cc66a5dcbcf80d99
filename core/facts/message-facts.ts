import type { Fact } from './fact.ts'
import type { FactSource } from './fact-reading.ts'
import { type AnyColumn, FactRows } from './fact-rows.ts'
import { FactTable } from './fact-table.ts'

// Rows of messages that are gone are kept until they are more than those that are there, and so many.
const fewRows = 1_000

/** A column that counts against the bound. */
interface Held {
  readonly key: string
  readonly table: FactTable
  readonly fact: Fact
  /** What was counted when it was looked at last. */
  bytes: number
}

/**
 * What is known of messages, for everyone in the process: each fact of a message is read once. Messages never change
 * and UIDs are never used again, so what is known stays true. It holds about as many octets as it is told to: columns
 * that were not used for longest are forgotten, and read again when they are wanted.
 */
export class MessageFacts {
  readonly #limit: number
  readonly #tables = new Map<string, FactTable>()
  /** Least recently used first. */
  readonly #held = new Map<AnyColumn, Held>()
  #bytes = 0

  constructor(options: { readonly bytes: number }) {
    this.#limit = options.bytes
  }

  /** Octets of memory that are held, as nearly as can be said. */
  get bytes(): number {
    return this.#bytes
  }

  /** The facts of one mailbox as an account sees it. Cheap, and holds nothing itself. */
  of(account: string, mailbox: FactSource): MailboxFacts {
    const key = JSON.stringify([account, mailbox.id, mailbox.uidValidity])
    return new MailboxFacts(mailbox, (...wanted) => this.#load(key, mailbox, ...wanted))
  }

  async #load(
    key: string,
    mailbox: FactSource,
    facts: readonly Fact[],
    uids: readonly number[],
    most: number,
  ): Promise<FactRows> {
    if (facts.length === 0) return new FactRows(uids, new Uint32Array(uids.length), new Map())
    const table = this.#table(key, mailbox)
    const count = (): void => this.#count(key, table, facts)
    try {
      return await table.load(mailbox, facts, uids, most, count)
    } finally {
      count()
    }
  }

  #table(key: string, { entries }: FactSource): FactTable {
    const known = this.#tables.get(key)
    if (known !== undefined && known.slots.size <= entries.length * 2 + fewRows) return known
    if (known !== undefined) this.#forget(known)
    const table = new FactTable()
    this.#tables.set(key, table)
    return table
  }

  /** Brings the count of columns up to date, as used last, and forgets others where they are too many. */
  #count(key: string, table: FactTable, facts: readonly Fact[]): void {
    // It may have been forgotten while it was read from.
    if (this.#tables.get(key) !== table) return
    this.#bytes += table.slots.bytes - table.countedBytes
    table.countedBytes = table.slots.bytes
    for (const fact of facts) {
      const column = table.columns.get(fact)
      if (column === undefined) continue
      const held = this.#held.get(column) ?? { key, table, fact, bytes: 0 }
      const bytes = column.bytes
      this.#bytes += bytes - held.bytes
      held.bytes = bytes
      this.#held.delete(column)
      this.#held.set(column, held)
    }
    for (const column of this.#held.keys()) {
      if (this.#bytes <= this.#limit) return
      this.#drop(column)
    }
  }

  #forget(table: FactTable): void {
    for (const column of table.columns.values()) this.#drop(column)
  }

  #drop(column: AnyColumn): void {
    const held = this.#held.get(column)
    if (held === undefined) return
    this.#held.delete(column)
    this.#bytes -= held.bytes
    held.table.columns.delete(held.fact)
    if (held.table.columns.size > 0) return
    this.#bytes -= held.table.countedBytes
    this.#tables.delete(held.key)
  }
}

type LoadFacts = (facts: readonly Fact[], uids: readonly number[], most: number) => Promise<FactRows>

/** The facts of one mailbox. */
export class MailboxFacts {
  readonly mailbox: FactSource
  readonly #load: LoadFacts

  constructor(mailbox: FactSource, load: LoadFacts) {
    this.mailbox = mailbox
    this.#load = load
  }

  /**
   * Facts of some messages: UIDs ascending, each once. Summaries are read of those of which something is not known yet,
   * in turn with other work. Messages that were removed before are left out. Once what is read takes more than `most`
   * octets of memory, the answer ends with that message: `asked` says how far it goes. Fails as the mailbox does.
   */
  load(
    facts: readonly Fact[],
    uids: readonly number[],
    most: number = Number.POSITIVE_INFINITY,
  ): Promise<FactRows> {
    return this.#load(facts, uids, most)
  }
}
