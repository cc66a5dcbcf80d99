import { MailwrightError } from 'mailwright'
import type { MadeValues } from '../batches/message-threads.ts'
import { pathOf } from '../files/scan.ts'
import type { IndexRecord } from '../index/index-record.ts'
import type { MailboxState } from '../mailbox/mailbox-state.ts'
import { ContentsInOrder } from './contents-in-order.ts'
import { openContent } from './message-content.ts'
import type { SideKind } from './side-values.ts'

/** What is made of messages, one after the other. */
export interface ValuesInOrder {
  /** Whether the next one takes no time. */
  readonly isReady: boolean
  /** What is kept of the next message; undefined where that is gone. Only as often as there are messages. */
  next(): Promise<Buffer | undefined>
}

/** By threads, where that is worth it; it is begun at once. Else in the process itself, and begun with the first. */
export function valuesInOrder(
  state: MailboxState,
  kind: SideKind<unknown>,
  records: readonly IndexRecord[],
): ValuesInOrder {
  const { threads } = state.context
  if (threads?.areWorth(records.length) === true) return new ValuesByThreads(state, kind, records)
  return new ValuesOneByOne(state, kind, records)
}

class ValuesOneByOne implements ValuesInOrder {
  readonly isReady: boolean = false
  readonly #opened: ContentsInOrder
  readonly #kind: SideKind<unknown>

  constructor(state: MailboxState, kind: SideKind<unknown>, records: readonly IndexRecord[]) {
    const { fresh } = state.context
    this.#kind = kind
    this.#opened = new ContentsInOrder(
      records,
      async (record) => fresh.get(record.base) ?? openContent(state, record),
    )
  }

  async next(): Promise<Buffer | undefined> {
    try {
      return await this.#kind.compute(await this.#opened.next())
    } catch (error) {
      if (error instanceof MailwrightError && error.code === 'MAIL_E_NOT_FOUND') return undefined
      throw error
    }
  }
}

// Messages of one task, and their octets at most.
const messagesATask = 32
const octetsATask = 1024 * 1024

interface Part {
  readonly records: readonly IndexRecord[]
  readonly values: Promise<MadeValues>
  isMade: boolean
}

class ValuesByThreads implements ValuesInOrder {
  readonly #state: MailboxState
  readonly #kind: SideKind<unknown>
  readonly #records: readonly IndexRecord[]
  readonly #parts: Part[] = []
  /** The message of the first part that is next, and the one that is in no part yet. */
  #at = 0
  #end = 0

  constructor(state: MailboxState, kind: SideKind<unknown>, records: readonly IndexRecord[]) {
    this.#state = state
    this.#kind = kind
    this.#records = records
    this.#begin()
  }

  get isReady(): boolean {
    return this.#parts[0]?.isMade === true
  }

  async next(): Promise<Buffer | undefined> {
    const [part] = this.#parts
    if (part === undefined) throw new RangeError('there are no more messages')
    const values = await part.values
    const at = this.#at
    const record = part.records[at] as IndexRecord
    this.#at += 1
    if (this.#at === part.records.length) {
      this.#parts.shift()
      this.#at = 0
      this.#begin()
    }
    // It is renamed, large, or cannot be read, and then it is to be said why.
    return values[at] ?? new ValuesOneByOne(this.#state, this.#kind, [record]).next()
  }

  #begin(): void {
    const { threads } = this.#state.context
    if (threads === undefined) return
    while (this.#parts.length < threads.atATime && this.#end < this.#records.length) {
      const records = this.#nextRecords()
      const { path } = this.#state.place
      const paths = records.map((record) => pathOf(path, this.#state.located(record)))
      const part: Part = { records, values: threads.make(this.#kind.name, paths), isMade: false }
      this.#parts.push(part)
      void part.values.then(() => {
        part.isMade = true
      })
    }
  }

  #nextRecords(): readonly IndexRecord[] {
    const from = this.#end
    let octets = 0
    for (; this.#end < this.#records.length && this.#end < from + messagesATask; this.#end += 1) {
      octets += this.#records[this.#end]?.entry.size ?? 0
      if (octets > octetsATask && this.#end > from) break
    }
    return this.#records.slice(from, this.#end)
  }
}
