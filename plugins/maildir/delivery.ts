import { join } from 'node:path'
import {
  type Account,
  type Content,
  MailwrightError,
  type StagedMessage,
  type StageOptions,
  UnavailableError,
} from 'mailwright'
import type { MaildirContext } from './context.ts'
import { guarded, isMissing } from './disk-errors.ts'
import { openNew, writeFully } from './durable-file.ts'
import type { OpenFile } from './file-system.ts'
import { lettersOf } from './flags.ts'
import { CrlfMeter, LfWriter } from './line-ends.ts'
import { formatFileName } from './message-name.ts'
import type { Reservation } from './usage.ts'

export interface Delivery {
  readonly account: Account
  readonly mailbox: string
  /** The mailbox's directory. */
  readonly path: string
  readonly content: Content
  readonly options: StageOptions
  /** Makes what the mailbox's directory lacks. */
  complete(): Promise<void>
  /** Given back when the message is in its mailbox or given up. */
  readonly reservation: Reservation | undefined
}

const chunkSize = 256 * 1024

/**
 * Writes a message to `tmp` and makes it durable: the first phase of a delivery. What fails leaves no file behind.
 */
export async function stageMessage(context: MaildirContext, delivery: Delivery): Promise<StagedMessage> {
  const name = context.names()
  const temporary = join(delivery.path, 'tmp', name)
  const file = await openNew(context.files, temporary)
  try {
    let sizes: { readonly disk: number; readonly crlf: number }
    try {
      sizes = await writeMessage(context, file, delivery)
    } finally {
      await file.close()
    }
    return new Staged(context, delivery, temporary, `${name},S=${sizes.disk},W=${sizes.crlf}`)
  } catch (error) {
    await context.files.unlink(temporary).catch(() => undefined)
    throw error
  }
}

async function writeMessage(
  context: MaildirContext,
  file: OpenFile,
  { content, options }: Delivery,
): Promise<{ readonly disk: number; readonly crlf: number }> {
  const meter = new CrlfMeter()
  const lf = context.lineEnds === 'lf' ? new LfWriter() : undefined
  let disk = 0
  const write = async (octets: Buffer): Promise<void> => {
    await writeFully(file, octets, disk)
    meter.add(octets)
    disk += octets.length
  }
  for (let position = 0; position < content.size; ) {
    const chunk = await content.read(position, position + chunkSize)
    if (chunk.length === 0) throw new UnavailableError('the message ended before its size')
    await write(lf === undefined ? chunk : lf.add(chunk))
    position += chunk.length
  }
  if (lf !== undefined) await write(lf.end())
  if (options.internalDate === undefined) {
    // fdatasync writes what is needed to read the data again, which includes the size; only times may be older.
    await file.datasync()
  } else {
    await file.utimes(options.internalDate, options.internalDate)
    await file.sync()
  }
  return { disk, crlf: meter.crlfOctets }
}

/** A message in `tmp`. */
class Staged implements StagedMessage {
  readonly #context: MaildirContext
  readonly #delivery: Delivery
  readonly #temporary: string
  readonly #base: string
  #committed: Promise<void> | undefined
  #aborted: Promise<void> | undefined

  constructor(context: MaildirContext, delivery: Delivery, temporary: string, base: string) {
    this.#context = context
    this.#delivery = delivery
    this.#temporary = temporary
    this.#base = base
  }

  commit(): Promise<void> {
    if (this.#aborted !== undefined)
      return Promise.reject(new MailwrightError('MAIL_E_INVALID', 'the delivery was aborted before'))
    this.#committed ??= guarded('delivering a message', () => this.#commit()).finally(() => this.#release())
    return this.#committed
  }

  abort(): Promise<void> {
    if (this.#committed !== undefined) return this.#committed.catch(() => undefined)
    this.#aborted ??= this.#remove(this.#temporary).then(() => this.#release())
    return this.#aborted
  }

  /** One rename shows the message whole; the fsync of the directory makes that durable. */
  async #commit(): Promise<void> {
    const { options, account, mailbox } = this.#delivery
    const letters = lettersOf(options.flags ?? [])
    const directory = join(this.#delivery.path, letters === '' ? 'new' : 'cur')
    const fileName = letters === '' ? this.#base : formatFileName({ base: this.#base, letters, rest: '' })
    const path = join(directory, fileName)
    try {
      await this.#show(path)
      await this.#context.directories.sync(directory)
    } catch (error) {
      // Nobody was promised this message yet, and whoever gave it to us tries again: no second copy may stay.
      for (const each of [this.#temporary, path]) await this.#remove(each)
      if (isMissing(error))
        throw new UnavailableError('the mailbox went away during delivery', { cause: error })
      throw error
    }
    this.#context.announce.stored({
      account,
      mailbox,
      cause: options.cause ?? 'delivery',
      uidValidity: 0,
      uids: [],
      ...(options.origin === undefined ? {} : { origin: options.origin }),
    })
  }

  async #show(path: string): Promise<void> {
    try {
      await this.#context.files.rename(this.#temporary, path)
    } catch (error) {
      if (!isMissing(error)) throw error
      // A Maildir that was copied without its empty directories has no `new`.
      await this.#delivery.complete()
      await this.#context.files.rename(this.#temporary, path)
    }
  }

  async #remove(path: string): Promise<void> {
    await this.#context.files.unlink(path).catch(() => undefined)
  }

  #release(): void {
    this.#delivery.reservation?.release()
  }
}
