import type { Fact, WordFact } from '../facts/fact.ts'
import type { FactRows } from '../facts/fact-rows.ts'
import type { MailboxFacts } from '../facts/message-facts.ts'
import type { MessageEntry } from '../services/mailbox.ts'
import { Pacer } from '../summary/pacer.ts'
import { entriesOf } from './entries-of.ts'
import { type OrderKey, radixOrder } from './radix-order.ts'
import { ccKey, displayFromKey, displayToKey, fromKey, sentDate, subjectKey, toKey } from './sort-facts.ts'

/** What messages are sorted by (RFC 5256 §3, RFC 5957 §4). */
export type SortKey =
  | 'arrival'
  | 'cc'
  | 'date'
  | 'from'
  | 'size'
  | 'subject'
  | 'to'
  | 'displayfrom'
  | 'displayto'

export interface SortCriterion {
  readonly key: SortKey
  /** From the greatest to the least. What is the same stays in the order of the mailbox. */
  readonly reverse: boolean
}

const wordFacts: Readonly<Partial<Record<SortKey, WordFact>>> = {
  cc: ccKey,
  from: fromKey,
  subject: subjectKey,
  to: toKey,
  displayfrom: displayFromKey,
  displayto: displayToKey,
}

/**
 * Sorts messages, given by UIDs that ascend, by the first criterion, then the second and so on, and last by their order
 * in the mailbox (RFC 5256 §3). Texts are compared by i;unicode-casemap. In turn with other work. Messages that were
 * removed meanwhile may be left out. Fails as the mailbox does.
 */
export async function sortMessages(
  facts: MailboxFacts,
  criteria: readonly SortCriterion[],
  uids: readonly number[],
): Promise<readonly number[]> {
  // A key that comes once more makes no difference.
  const orders = new Map<SortKey, boolean>()
  for (const { key, reverse } of criteria) if (!orders.has(key)) orders.set(key, reverse)
  const needed = [...orders.keys()].flatMap((key): Fact[] => factsOf(key))
  const rows = await facts.load(needed, uids)
  const pacer = new Pacer()
  const values = new SortValues(rows, facts.mailbox.entries)
  const keys: OrderKey[] = []
  for (const [key, reverse] of orders) {
    keys.push({ values: await values.of(key), reverse })
    if (pacer.isDue) await pacer.rest()
  }
  const order = await radixOrder(rows.uids.length, keys, pacer)
  const sorted = new Array<number>(order.length)
  for (let index = 0; index < order.length; index += 1) sorted[index] = rows.uids[order[index] ?? 0] ?? 0
  return sorted
}

/** Sent dates in seconds since 1970; the internal date of messages that say nothing (RFC 5256 §2.2). */
export function sentDates(rows: FactRows, entries: readonly MessageEntry[]): Float64Array {
  const dates = rows.numbers(sentDate)
  const undated: number[] = []
  for (let index = 0; index < dates.length; index += 1) if (Number.isNaN(dates[index])) undated.push(index)
  if (undated.length === 0) return dates
  const internal = internalDates(entriesOf(entries, rows.uids))
  for (const index of undated) dates[index] = internal[index] ?? 0
  return dates
}

function factsOf(key: SortKey): Fact[] {
  const fact = key === 'date' ? sentDate : wordFacts[key]
  return fact === undefined ? [] : [fact]
}

/** Numbers in the order of what is sorted by. */
class SortValues {
  readonly #rows: FactRows
  readonly #entries: readonly MessageEntry[]

  constructor(rows: FactRows, entries: readonly MessageEntry[]) {
    this.#rows = rows
    this.#entries = entries
  }

  async of(key: SortKey): Promise<Float64Array> {
    switch (key) {
      case 'arrival':
        return internalDates(entriesOf(this.#entries, this.#rows.uids))
      case 'size':
        return numbers(entriesOf(this.#entries, this.#rows.uids), ({ size }) => size)
      case 'date':
        return sentDates(this.#rows, this.#entries)
      default: {
        const fact = wordFacts[key]
        return fact === undefined ? new Float64Array(this.#rows.uids.length) : this.#ranks(fact)
      }
    }
  }

  async #ranks(fact: WordFact): Promise<Float64Array> {
    const words = this.#rows.words(fact)
    const ranks = await words.table.ranks()
    const values = new Float64Array(words.numbers.length)
    for (let index = 0; index < values.length; index += 1)
      values[index] = ranks[words.numbers[index] ?? 0] ?? 0
    return values
  }
}

/** Internal dates in seconds since 1970: IMAP shows no more of them. */
function internalDates(entries: readonly (MessageEntry | undefined)[]): Float64Array {
  return numbers(entries, ({ internalDate }) => Math.floor(internalDate.getTime() / 1000))
}

function numbers(
  entries: readonly (MessageEntry | undefined)[],
  of: (entry: MessageEntry) => number,
): Float64Array {
  const values = new Float64Array(entries.length)
  for (let index = 0; index < values.length; index += 1) {
    const entry = entries[index]
    if (entry !== undefined) values[index] = of(entry)
  }
  return values
}
