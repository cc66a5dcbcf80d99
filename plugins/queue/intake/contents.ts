import {
  bufferContent,
  type Clock,
  type Content,
  type Database,
  errorCode,
  type Log,
  MailwrightError,
  type Reply,
  readAll,
  reply,
} from 'mailwright'
import { never } from '../tables/tables.ts'
import type { ContentFiles } from './content-files.ts'
import { RecentContents } from './recent-contents.ts'

/** Messages up to so many octets are kept in the table; larger ones would hold the database up. */
export const largestInTable = 65_536

/** Such messages are in memory when they come, and stay there for their first delivery. */
const largestRecent = 262_144

/** Milliseconds for which a database that has answered is thought to be there. */
const believedFor = 1_000

/** The octets of a message that waits, opened for an attempt. */
export interface OpenContent {
  readonly content: Content
  close(): Promise<void>
}

/** The octets of what waits: in the table where they are few, else in files; in memory, too, for a moment. */
export class Contents {
  readonly #database: Database
  readonly #files: ContentFiles
  readonly #clock: Clock
  readonly #recent = new RecentContents()
  #answeredAt = Number.NEGATIVE_INFINITY

  constructor(database: Database, files: ContentFiles, clock: Clock) {
    this.#database = database
    this.#files = files
    this.#clock = clock
  }

  /**
   * Makes large contents durable, before their message is written; answers the octets of small ones, which go into its row.
   * MAIL_E_UNAVAILABLE; nothing is left then.
   */
  async keep(number: number, content: Content): Promise<Buffer | undefined> {
    const octets = content.size <= largestRecent ? await readAll(content) : undefined
    if (octets !== undefined) this.#recent.set(number, octets)
    if (isInTable(content)) return octets
    try {
      await this.#askDatabase()
      await this.#files.write(number, octets ?? content)
    } catch (error) {
      this.#recent.delete(number)
      throw error
    }
    return undefined
  }

  /** Nothing is written for nothing while the database is away: it might be many large messages. */
  async #askDatabase(): Promise<void> {
    const now = this.#clock.monotonic()
    if (now - this.#answeredAt < believedFor) return
    await this.#database.query((knex) => knex('queue_counters').first('value'))
    this.#answeredAt = now
  }

  /** MAIL_E_NOT_FOUND where it was removed meanwhile or is lost, MAIL_E_UNAVAILABLE. */
  async open(message: { readonly number: number; readonly size: number }): Promise<OpenContent> {
    const recent = this.#recent.get(message.number)
    if (recent !== undefined) return inMemory(recent)
    if (!isInTable(message)) return this.#files.open(message.number, message.size)
    return inMemory(await readOctets(this.#database, message.number))
  }

  /** After its message could not be written, as far as anybody can say. */
  abandon({ number, size }: { readonly number: number; readonly size: number }): void {
    this.#recent.delete(number)
    if (!isInTable({ size })) this.#files.doubt(number)
  }

  /** After its message was removed. Never fails: what is left is found by {@link ContentFiles.sweep}. */
  async remove({ number, size }: { readonly number: number; readonly size: number }): Promise<void> {
    this.#recent.delete(number)
    if (!isInTable({ size })) await this.#files.remove(number)
  }
}

/**
 * Opens a message to tell of it. Whoever has lost one has to say all the more that it did not arrive. `unread`: also of one that cannot
 * be read now. MAIL_E_UNAVAILABLE.
 */
export async function openToTell(
  { contents, log }: { readonly contents: Contents; readonly log: Log },
  message: { readonly number: number; readonly id: string; readonly size: number },
  { unread = false }: { readonly unread?: boolean } = {},
): Promise<OpenContent> {
  try {
    return await contents.open(message)
  } catch (error) {
    if (!unread && !isGone(error)) throw error
    log.warn('unavailable', { transaction: message.id, error })
    return inMemory(Buffer.from('\r\n'))
  }
}

/** What the last attempt says of a message whose octets nobody has any more. */
export const contentLost: Reply = reply(451, '4.3.0', 'The content of the message is not there any more')

/** Whether a message waits whose octets are in a file, as far as anybody knows: not one that is known to be lost. MAIL_E_UNAVAILABLE. */
export async function hasLargeMessages(database: Database): Promise<boolean> {
  const row = await database.query((knex) => {
    const lost = knex('queue_recipients')
      .whereRaw('?? = ??', ['queue_recipients.message', 'queue_messages.number'])
      // It is held, or given up by the postmaster since.
      .where('due', never)
      .where('last', 'like', `%${JSON.stringify(contentLost)}%`)
    return knex('queue_messages').where('size', '>', largestInTable).whereNotExists(lost).first('number')
  })
  return row !== undefined
}

export function isInTable({ size }: { readonly size: number }): boolean {
  return size <= largestInTable
}

function inMemory(octets: Buffer): OpenContent {
  return { content: bufferContent(octets), close: async () => undefined }
}

async function readOctets(database: Database, number: number): Promise<Buffer> {
  const row = await database.query((knex) => knex('queue_messages').where({ number }).first('content'))
  if (row === undefined) throw new MailwrightError('MAIL_E_NOT_FOUND', `message ${number} was removed`)
  if (!Buffer.isBuffer(row.content))
    throw new MailwrightError('MAIL_E_NOT_FOUND', `the content of message ${number} is not there`)
  return row.content
}

/** Whether an attempt can never work, since what was to be delivered is not there any more. */
export function isGone(error: unknown): boolean {
  return errorCode(error) === 'MAIL_E_NOT_FOUND'
}
