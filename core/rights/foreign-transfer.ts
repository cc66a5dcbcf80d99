import { Readable } from 'node:stream'
import { errorCode } from '../errors.ts'
import type { Content } from '../model/content.ts'
import type { Mailbox, MessageEntry, Transfer } from '../services/mailbox.ts'
import type { AppendMessage } from '../services/store.ts'
import type { Located } from './access-guard.ts'

// Each time those that were removed meanwhile are left out.
const attempts = 3

/**
 * Copies messages by appending them elsewhere: where a store cannot copy by itself, or where not all flags may go along.
 * All that are still there, or none. Contents are streamed; sizes, flags and dates are those of the view.
 */
export async function copyByAppending(
  source: Mailbox,
  uids: readonly number[],
  target: Located,
  flagsOf: (entry: MessageEntry) => readonly string[],
): Promise<Transfer> {
  const wanted = new Set(uids)
  let entries: readonly MessageEntry[] = source.entries.filter((entry) => wanted.has(entry.uid))
  for (let attempt = 1; ; attempt++) {
    if (entries.length === 0) return nothing(target)
    const contents = entries.map((entry) => new LaterContent(source, entry))
    try {
      const { uidValidity, uids: given } = await target.owner.store.append(
        target.mailbox,
        contents.map((content) => content.asMessage(flagsOf)),
      )
      return { uidValidity, uids: entries.map((entry, index) => [entry.uid, given[index] ?? 0]) }
    } catch (error) {
      if (attempt === attempts || !contents.some((content) => content.isGone)) throw error
      entries = await stillThere(source, entries)
    }
  }
}

/** A message's octets, looked for when they are read: there may be more messages than files can be open. */
class LaterContent implements Content {
  readonly size: number
  readonly #source: Mailbox
  readonly #entry: MessageEntry
  /** Whether it was looked for and was not there any more. */
  isGone = false

  constructor(source: Mailbox, entry: MessageEntry) {
    this.#source = source
    this.#entry = entry
    this.size = entry.size
  }

  asMessage(flagsOf: (entry: MessageEntry) => readonly string[]): AppendMessage {
    return { content: this, flags: flagsOf(this.#entry), internalDate: this.#entry.internalDate }
  }

  async read(start: number, end: number): Promise<Buffer> {
    return (await this.#open()).read(start, end)
  }

  stream(start = 0, end: number = this.size): Readable {
    return Readable.from(this.#chunks(start, end), { objectMode: false })
  }

  async *#chunks(start: number, end: number): AsyncGenerator<Buffer> {
    yield* (await this.#open()).stream(start, end)
  }

  async #open(): Promise<Content> {
    try {
      return await this.#source.content(this.#entry.uid)
    } catch (error) {
      if (isNotFound(error)) this.isGone = true
      throw error
    }
  }
}

async function stillThere(
  source: Mailbox,
  entries: readonly MessageEntry[],
): Promise<readonly MessageEntry[]> {
  const found: MessageEntry[] = []
  for (const entry of entries) {
    const there = await source.content(entry.uid).then(
      () => true,
      (error: unknown) => !isNotFound(error),
    )
    if (there) found.push(entry)
  }
  return found
}

function isNotFound(error: unknown): boolean {
  return errorCode(error) === 'MAIL_E_NOT_FOUND'
}

async function nothing({ owner, mailbox }: Located): Promise<Transfer> {
  const { uidValidity } = await owner.store.status(mailbox)
  return { uidValidity, uids: [] }
}
