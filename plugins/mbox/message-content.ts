import { Readable } from 'node:stream'
import { bufferContent, type Content, MailwrightError, readAll } from 'mailwright'
import { withStoreErrors } from 'mailwright/disk'
import { mboxContent, readMboxHead } from 'mailwright/formats'
import type { NewMessage } from './delivery.ts'
import { readRange } from './durable-file.ts'
import type { OpenFile } from './file-system.ts'
import type { MessageRecord } from './index-record.ts'
import type { MailboxIdentity } from './known-mailbox.ts'
import type { MailboxState } from './mailbox-state.ts'
import { openSource } from './open-source.ts'

// Up to here a message is read at once, and what is read stays readable whatever others do.
const smallMessage = 256 * 1024
const pieceSize = 128 * 1024
const attempts = 5

/** The octets of a message as it came. MAIL_E_NOT_FOUND where it is gone. */
export function openContent(state: MailboxState, uid: number, expected: MailboxIdentity): Promise<Content> {
  return state.reading(expected, (file) => contentOf(state, file, requireRecord(state, uid)))
}

/** A message with all that belongs to it. MAIL_E_NOT_FOUND where it is gone. */
export function openMessage(
  state: MailboxState,
  uid: number,
  expected: MailboxIdentity,
): Promise<NewMessage> {
  return state.reading(expected, async (file) => {
    const record = requireRecord(state, uid)
    const { flags, internalDate, start } = record
    const head = await readMboxHead(openSource(file, state.known.index.known), start)
    const sender = head === undefined ? {} : { sender: head.postmark.sender }
    const content = await contentOf(state, file, record)
    return { content, flags, internalDate: new Date(internalDate), ...sender }
  })
}

async function contentOf(state: MailboxState, file: OpenFile, record: MessageRecord): Promise<Content> {
  if (record.size > smallMessage) return new LargeContent(state, record)
  return bufferContent(
    await readAll(mboxContent({ read: (start, end) => readRange(file, start, end) }, record)),
  )
}

function requireRecord(state: MailboxState, uid: number): MessageRecord {
  const record = state.known.record(uid)
  if (record !== undefined) return record
  throw new MailwrightError('MAIL_E_NOT_FOUND', `there is no message with UID ${uid}`)
}

/** Thrown to begin anew: messages have moved within the file. */
class LayoutChanged extends Error {}

/** A large message, read piece by piece; it is looked for anew where messages have moved in between. */
class LargeContent implements Content {
  readonly size: number
  readonly #state: MailboxState
  readonly #uid: number
  readonly #expected: MailboxIdentity
  #layout: number
  #content: Content

  constructor(state: MailboxState, record: MessageRecord) {
    this.#state = state
    this.#uid = record.uid
    this.#expected = state.known.index
    this.size = record.size
    this.#layout = state.known.layout
    this.#content = this.#at(record, this.#layout)
  }

  read(start: number, end: number): Promise<Buffer> {
    return withStoreErrors('reading a message', () => this.#read(start, end))
  }

  stream(start = 0, end: number = this.size): Readable {
    return Readable.from(this.#pieces(Math.max(0, start), Math.min(end, this.size)), { objectMode: false })
  }

  async *#pieces(start: number, end: number): AsyncGenerator<Buffer> {
    for (let at = start; at < end; at += pieceSize) yield await this.read(at, Math.min(at + pieceSize, end))
  }

  async #read(start: number, end: number): Promise<Buffer> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#content.read(start, end)
      } catch (error) {
        if (!(error instanceof LayoutChanged) || attempt === attempts) throw error
        await this.#state.reading(this.#expected, async () => this.#lookAgain())
      }
    }
  }

  #lookAgain(): void {
    const { known } = this.#state
    this.#layout = known.layout
    this.#content = this.#at(requireRecord(this.#state, this.#uid), known.layout)
  }

  #at(record: MessageRecord, layout: number): Content {
    const inLayout = (file: OpenFile, start: number, end: number): Promise<Buffer> => {
      if (this.#state.known.layout !== layout) throw new LayoutChanged()
      return readRange(file, start, end)
    }
    const read = (start: number, end: number): Promise<Buffer> =>
      this.#state.reading(this.#expected, async (file) => inLayout(file, start, end))
    return mboxContent({ read }, record)
  }
}
