import { join } from 'node:path'
import {
  type Account,
  type AppendMessage,
  type Content,
  MailwrightError,
  type StagedMessage,
  type StageOptions,
  UnavailableError,
} from 'mailwright'
import type { Reservation } from './account-quota.ts'
import type { Arrival } from './arrival.ts'
import type { MaildirContext } from './context.ts'
import { guarded, isMissing } from './disk-errors.ts'
import { openNew, openNewDurable, writeFully } from './durable-file.ts'
import type { OpenFile } from './file-system.ts'
import { type KeptFlags, keptFlags } from './flags.ts'
import { CrlfMeter, LfWriter } from './line-ends.ts'

export interface Delivery {
  readonly account: Account
  readonly mailbox: string
  /** The mailbox's directory. */
  readonly path: string
  readonly content: Content
  readonly options: StageOptions
  /** Makes what the mailbox's directory lacks. */
  complete(): Promise<void>
  /** Puts the message into the mailbox, and tells the account's quota. */
  counted(put: () => Promise<void>, message: Written): Promise<void>
  /** Puts a message with flags into the mailbox from `tmp`: `new` has none, and keywords are in no file name. */
  admit(arrival: Arrival): Promise<void>
  /** Called when the message is in its mailbox, which has yet to give it a UID. */
  delivered(): void
  /** Given back when the message is in its mailbox or given up. */
  readonly reservation: Reservation | undefined
}

const chunkSize = 256 * 1024

/** A message to be written. */
export type Draft = Pick<AppendMessage, 'content' | 'internalDate'>

/** A message in `tmp`, durable. */
export interface Written {
  readonly temporary: string
  /** The name that it will have. */
  readonly base: string
  /** Octets with CRLF line ends. */
  readonly size: number
}

/**
 * Writes a message to `tmp` and makes it durable: the first phase of a delivery. What fails leaves no file behind.
 */
export async function stageMessage(context: MaildirContext, delivery: Delivery): Promise<StagedMessage> {
  const kept = keptFlags(delivery.options.flags ?? [])
  const { content, options } = delivery
  const draft =
    options.internalDate === undefined ? { content } : { content, internalDate: options.internalDate }
  const write = (): Promise<Written> => writeToTmp(context, delivery.path, draft)
  const written = await write().catch(async (error: unknown) => {
    if (!isMissing(error)) throw error
    // A Maildir that was copied without its empty directories has no `tmp`.
    await delivery.complete()
    return write()
  })
  return new Staged(context, delivery, written, kept)
}

/**
 * Writes a message to a mailbox's `tmp`; mostly under its base name at once, since of a small one the sizes are known before,
 * and a message that has CRLF line ends has the same size everywhere.
 */
export async function writeToTmp(context: MaildirContext, path: string, draft: Draft): Promise<Written> {
  const name = context.names()
  const { content, internalDate } = draft
  const { size: expected } = content
  const small = expected <= chunkSize ? await wholeMessage(context, content) : undefined
  const temporary = join(path, 'tmp', sizedName(name, small ?? { disk: expected, crlf: expected }))
  // One write is made durable by itself, which spares a call; dates come after it.
  const isAtOnce = small !== undefined && internalDate === undefined
  const file = await (isAtOnce ? openNewDurable : openNew)(context.files, temporary)
  try {
    let sizes: MessageSizes & { readonly whole?: Buffer | undefined }
    try {
      if (isAtOnce) await context.syncs.timed('message', () => writeFully(file, small.octets, 0))
      else if (small !== undefined) await writeFully(file, small.octets, 0)
      sizes = small ?? (await writePieces(context, file, content))
      if (!isAtOnce) await context.syncs.timed('message', () => makeDurable(file, internalDate))
    } finally {
      // What is durable cannot be lost by that any more, so nobody waits for it.
      void file.close().catch(() => undefined)
    }
    const base = sizedName(name, sizes)
    if (sizes.whole !== undefined) context.fresh.put(base, sizes.whole)
    return { temporary, base, size: sizes.crlf }
  } catch (error) {
    await context.files.unlink(temporary).catch(() => undefined)
    throw error
  }
}

/** Puts a message that was written under its base name in `tmp`, from where the index takes it. */
export async function nameInTmp(
  { files }: MaildirContext,
  path: string,
  { temporary, base }: Written,
): Promise<void> {
  const named = join(path, 'tmp', base)
  if (temporary !== named) await files.rename(temporary, named)
}

interface MessageSizes {
  readonly disk: number
  readonly crlf: number
}

/** Courier and Dovecot read the sizes from a name, and so do we. */
function sizedName(name: string, { disk, crlf }: MessageSizes): string {
  return `${name},S=${disk},W=${crlf}`
}

/** A small message as it is to be on the disk. */
interface SmallMessage extends MessageSizes {
  readonly octets: Buffer
  /** Where it has CRLF line ends as it came. */
  readonly whole: Buffer | undefined
}

/** Undefined where it is not to be had in one piece. */
async function wholeMessage(
  { lineEnds }: MaildirContext,
  content: Content,
): Promise<SmallMessage | undefined> {
  const chunk = content.size === 0 ? Buffer.alloc(0) : await content.read(0, content.size)
  if (chunk.length !== content.size) return undefined
  const lf = new LfWriter()
  const octets = lineEnds === 'lf' ? Buffer.concat([lf.add(chunk), lf.end()]) : chunk
  const meter = new CrlfMeter()
  meter.add(octets)
  const crlf = meter.crlfOctets
  return { octets, disk: octets.length, crlf, whole: crlf === content.size ? chunk : undefined }
}

async function writePieces(context: MaildirContext, file: OpenFile, content: Content): Promise<MessageSizes> {
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
  return { disk, crlf: meter.crlfOctets }
}

async function makeDurable(file: OpenFile, internalDate: Date | undefined): Promise<void> {
  // fdatasync writes what is needed to read the data again, which includes the size; only times may be older.
  if (internalDate === undefined) return file.datasync()
  await file.utimes(internalDate, internalDate)
  await file.sync()
}

/** A message in `tmp`. */
class Staged implements StagedMessage {
  readonly #context: MaildirContext
  readonly #delivery: Delivery
  readonly #written: Written
  readonly #kept: KeptFlags
  #committed: Promise<void> | undefined
  #aborted: Promise<void> | undefined

  constructor(context: MaildirContext, delivery: Delivery, written: Written, kept: KeptFlags) {
    this.#context = context
    this.#delivery = delivery
    this.#written = written
    this.#kept = kept
  }

  commit(): Promise<void> {
    if (this.#aborted !== undefined)
      return Promise.reject(new MailwrightError('MAIL_E_INVALID', 'the delivery was aborted before'))
    this.#committed ??= guarded('delivering a message', () =>
      this.#delivery.counted(() => this.#commit(), this.#written),
    ).finally(() => this.#release())
    return this.#committed
  }

  abort(): Promise<void> {
    if (this.#committed !== undefined) return this.#committed.catch(() => undefined)
    this.#aborted ??= this.#remove(this.#written.temporary).then(() => this.#release())
    return this.#aborted
  }

  /** One rename shows the message whole; the fsync of the directory makes that durable. */
  async #commit(): Promise<void> {
    const { letters, keywords } = this.#kept
    const { base, size, temporary } = this.#written
    if (letters !== '' || keywords.length > 0) {
      const internalDate = (
        this.#delivery.options.internalDate ?? new Date(this.#context.clock.now())
      ).getTime()
      const arriving = join(this.#delivery.path, 'tmp', base)
      try {
        await nameInTmp(this.#context, this.#delivery.path, this.#written)
        await this.#context.directories.sync(join(this.#delivery.path, 'tmp'))
        await this.#delivery.admit({ base, letters, rest: '', keywords, size, internalDate })
      } catch (error) {
        for (const each of [temporary, arriving]) await this.#remove(each)
        throw error
      }
      return
    }
    const directory = join(this.#delivery.path, 'new')
    const path = join(directory, base)
    try {
      await this.#show(path)
      await this.#context.directories.sync(directory)
    } catch (error) {
      // Nobody was promised this message yet, and whoever gave it to us tries again: no second copy may stay.
      for (const each of [temporary, path]) await this.#remove(each)
      if (isMissing(error))
        throw new UnavailableError('the mailbox went away during delivery', { cause: error })
      throw error
    }
    this.#tell()
    this.#delivery.delivered()
  }

  #tell(): void {
    const { options, account, mailbox } = this.#delivery
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
      await this.#context.files.rename(this.#written.temporary, path)
    } catch (error) {
      if (!isMissing(error)) throw error
      // A Maildir that was copied without its empty directories has no `new`.
      await this.#delivery.complete()
      await this.#context.files.rename(this.#written.temporary, path)
    }
  }

  async #remove(path: string): Promise<void> {
    await this.#context.files.unlink(path).catch(() => undefined)
  }

  #release(): void {
    this.#delivery.reservation?.release()
  }
}
