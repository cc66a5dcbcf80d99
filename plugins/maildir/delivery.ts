import { join } from 'node:path'
import {
  type Account,
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
import { type KeptFlags, keptFlags } from './flags.ts'
import { forgetDeliveries, writeLogged } from './logged-message.ts'
import { nameInTmp, type Written, writeToTmp } from './written-message.ts'

export interface Delivery {
  readonly account: Account
  readonly mailbox: string
  /** The mailbox's directory. */
  readonly path: string
  readonly content: Content
  readonly options: StageOptions
  /** Where there is no such mailbox yet: that whose `tmp` keeps the message until the commit. */
  readonly waitsIn: string | undefined
  /** Makes the mailbox that there is none of yet. */
  make(): Promise<void>
  /** Makes what the directory of a mailbox lacks. */
  complete(path: string): Promise<void>
  /** Puts the message into the mailbox, and tells the account's quota. */
  counted(put: () => Promise<void>, message: Written): Promise<void>
  /** Puts a message with flags into the mailbox from `tmp`: `new` has none, and keywords are in no file name. */
  admit(arrival: Arrival): Promise<void>
  /** Called when the message is in its mailbox, which has yet to give it a UID. */
  delivered(): void
  /** Given back when the message is in its mailbox or given up. */
  readonly reservation: Reservation | undefined
}

/**
 * Writes a message to `tmp` and makes it durable: the first phase of a delivery. What fails leaves no file behind.
 */
export async function stageMessage(context: MaildirContext, delivery: Delivery): Promise<StagedMessage> {
  const kept = keptFlags(delivery.options.flags ?? [])
  const { content, options, waitsIn } = delivery
  const draft =
    options.internalDate === undefined ? { content } : { content, internalDate: options.internalDate }
  const path = waitsIn ?? delivery.path
  // What has flags is put in by the index, what has a date gets it in its file, and the log knows mailboxes that are there.
  const isPlain = kept.letters === '' && kept.keywords.length === 0 && options.internalDate === undefined
  const write = async (): Promise<Written> =>
    (isPlain && waitsIn === undefined ? await writeLogged(context, path, content) : undefined) ??
    (await writeToTmp(context, path, draft))
  const written = await write().catch(async (error: unknown) => {
    if (!isMissing(error)) throw error
    // A Maildir that was copied without its empty directories has no `tmp`.
    await delivery.complete(path)
    return write()
  })
  return new Staged(context, delivery, written, kept)
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
    this.#aborted ??= this.#giveUp([this.#written.temporary]).then(() => this.#release())
    return this.#aborted
  }

  /** One rename shows the message whole; the fsync of the directory makes that durable, or the log has already done so. */
  async #commit(): Promise<void> {
    const { letters, keywords } = this.#kept
    const { base, size, temporary, entry } = this.#written
    await this.#makeMailbox()
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
        await this.#giveUp([temporary, arriving])
        throw error
      }
      return
    }
    const directory = `${this.#delivery.path}/new`
    const path = `${directory}/${base}`
    try {
      await this.#show(path)
      if (entry === undefined) await this.#context.directories.sync(directory)
      else entry.isPlaced = true
    } catch (error) {
      // Nobody was promised this message yet, and whoever gave it to us tries again: no second copy may stay.
      await this.#giveUp([temporary, path])
      if (isMissing(error))
        throw new UnavailableError('the mailbox went away during delivery', { cause: error })
      throw error
    }
    this.#tell()
    this.#delivery.delivered()
  }

  /** Only now: what is aborted leaves no mailbox behind. */
  async #makeMailbox(): Promise<void> {
    if (this.#delivery.waitsIn === undefined) return
    try {
      await this.#delivery.make()
    } catch (error) {
      await this.#giveUp([this.#written.temporary])
      throw error
    }
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
      await this.#context.renames.ask([this.#written.temporary, path])
    } catch (error) {
      if (!isMissing(error)) throw error
      // A Maildir that was copied without its empty directories has no `new`.
      await this.#delivery.complete(this.#delivery.path)
      await this.#context.files.rename(this.#written.temporary, path)
    }
  }

  async #giveUp(paths: readonly string[]): Promise<void> {
    for (const path of paths) await this.#context.files.unlink(path).catch(() => undefined)
    await forgetDeliveries(this.#context, this.#delivery.path, [this.#written.base])
  }

  #release(): void {
    this.#delivery.reservation?.release()
  }
}
