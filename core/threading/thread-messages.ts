import type { Fact } from '../facts/fact.ts'
import type { FactRows } from '../facts/fact-rows.ts'
import type { MailboxFacts } from '../facts/message-facts.ts'
import { radixOrder } from '../sorting/radix-order.ts'
import { sentDate, subjectKey } from '../sorting/sort-facts.ts'
import { sentDates } from '../sorting/sort-messages.ts'
import { Pacer } from '../summary/pacer.ts'
import { byLatest } from './by-latest.ts'
import { Family, type Forest } from './family.ts'
import { linkMessages } from './link-messages.ts'
import { mergeSubjects, type ThreadSubjects } from './merge-subjects.ts'
import { nobody } from './parent-links.ts'
import { pruneDummies } from './prune-dummies.ts'
import { replyMark, threadIds } from './thread-facts.ts'

/**
 * How messages are put into threads. `orderedsubject` and `references` are those of RFC 5256 §3. `refs` is that of the
 * draft draft-ietf-morg-inthread: `references` without regard to subjects, the thread with the latest message last.
 */
export type ThreadAlgorithm = 'orderedsubject' | 'references' | 'refs'

/** Threads: each message with its depth, parents before their children, siblings by sent date. */
export interface Threads {
  /** UIDs; 0 for a message that is not there, which only stands at depth 0, with two children or more. */
  readonly uids: Uint32Array
  /** 0 where a thread begins, else one more than that of the parent. */
  readonly depths: Uint32Array
}

const factsOf: Readonly<Record<ThreadAlgorithm, readonly Fact[]>> = {
  orderedsubject: [sentDate, subjectKey],
  references: [sentDate, threadIds, subjectKey, replyMark],
  refs: [sentDate, threadIds],
}

/**
 * Puts messages, given by UIDs that ascend, into threads. In turn with other work, in a time that grows as the mail does,
 * whatever it refers to. Messages that were removed meanwhile may be left out. Fails as the mailbox does.
 */
export async function threadMessages(
  facts: MailboxFacts,
  algorithm: ThreadAlgorithm,
  uids: readonly number[],
): Promise<Threads> {
  const rows = await facts.load(factsOf[algorithm], uids)
  const dates = sentDates(rows, facts.mailbox.entries)
  const { nodes, depths } = await new Threading(rows, dates).run(algorithm)
  const found = new Uint32Array(nodes.length)
  for (let index = 0; index < nodes.length; index += 1) found[index] = rows.uids[nodes[index] ?? 0] ?? 0
  return { uids: found, depths }
}

class Threading {
  readonly #rows: FactRows
  readonly #dates: Float64Array
  readonly #pacer = new Pacer()

  constructor(rows: FactRows, dates: Float64Array) {
    this.#rows = rows
    this.#dates = dates
  }

  async run(algorithm: ThreadAlgorithm): Promise<Forest> {
    const count = this.#rows.uids.length
    const order = await radixOrder(count, [{ values: this.#dates, reverse: false }], this.#pacer)
    if (algorithm === 'orderedsubject') return this.#bySubject(order)
    const linked = await linkMessages(this.#rows.identifiers(threadIds), this.#pacer)
    const family = new Family(pruneDummies(linked, count), linked.length, order, this.#pacer)
    if (algorithm === 'refs') return byLatest(await this.#forest(family), this.#dates, this.#pacer)
    await mergeSubjects(family, this.#subjects())
    return this.#forest(family)
  }

  async #forest(family: Family): Promise<Forest> {
    return family.forest((await family.roots()).nodes)
  }

  /** ORDEREDSUBJECT (RFC 5256 §3): the first of the messages with one base subject is the parent of the others. */
  async #bySubject(order: Uint32Array): Promise<Forest> {
    const { numbers } = this.#rows.words(subjectKey)
    const parents = new Int32Array(order.length).fill(nobody)
    const family = new Family(parents, order.length, order, this.#pacer)
    const firsts = new Map<number, number>()
    await family.each((message) => {
      const subject = numbers[message] ?? 0
      const first = firsts.get(subject)
      if (first === undefined) firsts.set(subject, message)
      else parents[message] = first
    })
    return this.#forest(family)
  }

  #subjects(): ThreadSubjects {
    const { numbers, table } = this.#rows.words(subjectKey)
    const marks = this.#rows.numbers(replyMark)
    return {
      numberOf: (message) => {
        const number = numbers[message] ?? 0
        return table.word(number) === '' ? undefined : number
      },
      isReplyOrForward: (message) => marks[message] === 1,
    }
  }
}
