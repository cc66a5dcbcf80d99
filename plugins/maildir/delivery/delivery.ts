import { join } from 'node:path'
import {
  type Account,
  type Content,
  MailwrightError,
  type StagedMessage,
  type StageOptions,
  UnavailableError,
} from 'mailwright'
import { isMissing, withStoreErrors } from 'mailwright/disk'
import type { MaildirContext } from '../context.ts'
import { type KeptFlags, keptFlags } from '../index/flags.ts'
import type { Reservation } from '../quota/account-quota.ts'
import type { Arrival } from './arrival.ts'
import { forgetDeliveries, writeLogged } from './logged-message.ts'
import { type Draft, nameInTmp, type Written, writeToTmp } from './written-message.ts'

export interface Delivery {
  readonly account: Account
  readonly mailbox: string
  /** The mailbox's directory. */
  readonly path: string
  readonly content: Content
  readonly options: StageOptions
  /** Where there is no such mailbox yet: that whose `tmp` keeps the message until the commit. */
  readonly waitsIn: string | undefined
  /** Makes the mailbox where there is none; undefined where that was not asked for. */
  readonly make: (() => Promise<void>) | undefined
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
  const path = waitsIn ?? delivery.path
  // What has flags is put in by the index, what has a date gets it in its file, and the log knows mailboxes that are there.
  const isPlain = kept.letters === '' && kept.keywords.length === 0 && options.internalDate === undefined
  const write = async (): Promise<Written> =>
    (isPlain && waitsIn === undefined ? await writeLogged(context, path, content) : undefined) ??
    (await writeToTmp(context, path, draftOf(delivery), delivery.path))
  const written = await write().catch(async (error: unknown) => {
    if (!isMissing(error)) throw error
    // A Maildir that was copied without its empty directories has no `tmp`.
    await delivery.complete(path)
    return write()
  })
  return new Staged(context, delivery, written, kept)
}

function draftOf({ content, options: { internalDate } }: Delivery): Draft {
  return internalDate === undefined ? { content } : { content, internalDate }
}

/** A message in `tmp`. */
class Staged implements StagedMessage {
  readonly #context: MaildirContext
  readonly #delivery: Delivery
  #written: Written
  readonly #kept: KeptFlags
  #committed: Promise<void> | undefined
  #aborted: Promise<void> | undefined

  constructor(context: MaildirContext, delivery: Delivery, written: Written, kept: KeptFlags) {
    this.#context = context
    this.#delivery = delivery
    this.#written = written
    this.#kept = kept
  }

  prepare(): Promise<void> {
    return withStoreErrors('making a mailbox', () => this.#makeMailbox())
  }

  commit(): Promise<void> {
    if (this.#aborted !== undefined)
      return Promise.reject(new MailwrightError('MAIL_E_INVALID', 'the delivery was aborted before'))
    this.#committed ??= withStoreErrors('delivering a message', () =>
      this.#delivery.counted(() => this.#commit(), this.#written),
    ).finally(() => this.#release())
    return this.#committed
  }

  abort(): Promise<void> {
    if (this.#committed !== undefined) return this.#committed.catch(() => undefined)
    this.#aborted ??= this.#giveUp([this.#written.temporary]).then(() => this.#release())
    return this.#aborted
  }

  async #commit(): Promise<void> {
    try {
      await this.#putOrGiveUp()
    } catch (error) {
      if (!isMissing(error)) throw error
      await this.#putAnew(error)
    }
  }

  /** Nobody was promised this message yet, and whoever gave it to us tries again: no second copy may stay. */
  async #putOrGiveUp(): Promise<void> {
    try {
      await this.#makeMailbox()
      await this.#put()
    } catch (error) {
      const { temporary, base } = this.#written
      await this.#giveUp([temporary, ...['tmp', 'new'].map((name) => join(this.#delivery.path, name, base))])
      throw error
    }
  }

  /** The mailbox was deleted meanwhile, and with it what its `tmp` had. */
  async #putAnew(cause: unknown): Promise<void> {
    const { make, path } = this.#delivery
    if (make === undefined) throw new UnavailableError('the mailbox went away during delivery', { cause })
    await make()
    this.#written = await writeToTmp(this.#context, path, draftOf(this.#delivery))
    await this.#putOrGiveUp()
  }

  /** One rename shows the message whole; the fsync of the directory makes that durable, or the log has already done so. */
  async #put(): Promise<void> {
    const { path, options } = this.#delivery
    const { letters, keywords } = this.#kept
    const { base, size, entry } = this.#written
    if (letters !== '' || keywords.length > 0) {
      const internalDate = (options.internalDate ?? new Date(this.#context.clock.now())).getTime()
      await nameInTmp(this.#context, path, this.#written)
      await this.#context.directories.sync(join(path, 'tmp'))
      await this.#delivery.admit({ base, letters, rest: '', keywords, size, internalDate })
      return
    }
    await this.#show(`${path}/new/${base}`)
    if (entry === undefined) await this.#context.directories.sync(`${path}/new`)
    else entry.isPlaced = true
    this.#tell()
    this.#delivery.delivered()
  }

  /** Not before it is asked for: what is aborted leaves no mailbox behind. */
  async #makeMailbox(): Promise<void> {
    if (this.#delivery.waitsIn !== undefined) await this.#delivery.make?.()
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
