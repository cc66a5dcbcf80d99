import { MailwrightError, type StagedMessage, type StageOptions } from 'mailwright'
import { withStoreErrors } from 'mailwright/disk'
import type { SpooledMessages } from './delivery.ts'
import { isNotFound } from './disk-errors.ts'
import type { SharedMailbox } from './shared-states.ts'

/** What a staged message holds until it is committed or aborted. */
export interface StagedParts {
  readonly mailbox: SharedMailbox
  readonly spooled: SpooledMessages
  readonly options: StageOptions
  /** Makes the mailbox, where it is missing and shall be made. */
  make(): Promise<void>
  /** Gives back the mailbox and the room in the quota. */
  release(): void
}

/** A message in the spool. */
export class MboxStagedMessage implements StagedMessage {
  readonly #parts: StagedParts
  #committed: Promise<void> | undefined
  #aborted: Promise<void> | undefined

  constructor(parts: StagedParts) {
    this.#parts = parts
  }

  prepare(): Promise<void> {
    return withStoreErrors('making a mailbox', () => this.#parts.make())
  }

  commit(): Promise<void> {
    if (this.#aborted !== undefined)
      return Promise.reject(new MailwrightError('MAIL_E_INVALID', 'the delivery was aborted before'))
    this.#committed ??= withStoreErrors('delivering a message', () => this.#commit()).finally(() =>
      this.#end(),
    )
    return this.#committed
  }

  abort(): Promise<void> {
    if (this.#committed !== undefined) return this.#committed.catch(() => undefined)
    this.#aborted ??= this.#end()
    return this.#aborted
  }

  async #commit(): Promise<void> {
    const { mailbox, options } = this.#parts
    try {
      await this.#put()
    } catch (error) {
      // It was deleted between the two steps.
      if (!isNotFound(error) || options.create !== true) throw error
      await this.#put()
    }
    const { place, context } = mailbox.state
    context.announce.stored({
      account: place.account,
      mailbox: place.name,
      cause: options.cause ?? 'delivery',
      uidValidity: 0,
      uids: [],
      ...(options.origin === undefined ? {} : { origin: options.origin }),
    })
  }

  async #put(): Promise<void> {
    const { mailbox, spooled, make } = this.#parts
    // Not before it is asked for: what is aborted leaves no mailbox behind. It may have been deleted since.
    await make()
    await mailbox.deliveries.add(spooled)
  }

  async #end(): Promise<void> {
    const { mailbox, spooled, release } = this.#parts
    release()
    await mailbox.state.context.files.unlink(spooled.path).catch(() => undefined)
  }
}
