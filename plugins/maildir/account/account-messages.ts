import type {
  Account,
  Appended,
  AppendMessage,
  Content,
  ExpungeOptions,
  StagedMessage,
  StageOptions,
} from 'mailwright'
import { appendMessages } from '../changes/append.ts'
import { expungeMessages } from '../changes/expunge.ts'
import { replaceMessage } from '../changes/replace.ts'
import { copyMessages, moveMessages, type Transferred } from '../changes/transfer.ts'
import type { MaildirContext } from '../context.ts'
import { type Arrival, admit, finishArrivalsSoon } from '../delivery/arrival.ts'
import { stageMessage } from '../delivery/delivery.ts'
import { forgetDeliveries } from '../delivery/logged-message.ts'
import type { MailboxPlace } from '../files/mailbox-place.ts'
import type { Chosen } from '../mailbox/mailbox-snapshot.ts'
import type { MailboxState } from '../mailbox/mailbox-state.ts'
import type { Preparations } from '../mailbox/preparations.ts'
import type { SharedStates } from '../mailbox/shared-states.ts'
import type { AccountQuota, Reservation } from '../quota/account-quota.ts'
import { addSums, negativeSums, noSums, type QuotaSums } from '../quota/maildirsize.ts'
import { countMailbox, countMaildir, countMessages, octetsInName } from '../quota/usage.ts'
import type { AccountParts } from './account-store.ts'
import type { MailboxDirectories } from './mailboxes.ts'

/** How a delivery makes its mailbox. */
export interface MailboxMaking {
  readonly isMissing: boolean
  /** Does nothing where it is there. */
  readonly make: () => Promise<void>
}

/** How messages come into an account's mailboxes and go out of them, within its quota. */
export class AccountMessages {
  readonly #account: Account
  /** What the account may hold; undefined: as much as it likes. */
  quotaBytes: number | undefined
  readonly #context: MaildirContext
  readonly #root: string
  readonly #directories: MailboxDirectories
  readonly #states: SharedStates
  readonly #preparations: Preparations

  constructor(context: MaildirContext, parts: AccountParts) {
    this.#context = context
    this.#account = parts.account
    this.quotaBytes = parts.account.quotaBytes
    this.#root = parts.root
    this.#directories = parts.directories
    this.#states = parts.states
    this.#preparations = parts.preparations
  }

  /** Stages a message for a mailbox that is there, or that `making` makes. */
  async stage(
    place: MailboxPlace,
    content: Content,
    options: StageOptions,
    making?: MailboxMaking,
  ): Promise<StagedMessage> {
    const reservation = await this.#reserve(content.size)
    try {
      return await stageMessage(this.#context, {
        account: this.#account,
        mailbox: place.name,
        path: place.path,
        content,
        options,
        reservation,
        counted: (put, { base, size }) =>
          this.#quota.change(put, () => ({ bytes: octetsInName(this.#context, base) ?? size, messages: 1 })),
        waitsIn: making?.isMissing ? this.#root : undefined,
        make: making?.make,
        complete: (path) => this.#directories.complete(path),
        delivered: () => this.#preparations.schedule(place),
        admit: (arrival) => this.#admit(place, arrival, options),
      })
    } catch (error) {
      reservation?.release()
      throw error
    }
  }

  append(
    place: MailboxPlace,
    messages: readonly AppendMessage[],
    { origin, freed = 0 }: { readonly origin: string | undefined; readonly freed: number | undefined },
  ): Promise<Appended> {
    const octets = messages.reduce((sum, { content }) => sum + content.size, 0)
    return this.#states.using(place, async (state) => {
      const put = (): Promise<Appended> => appendMessages(state, messages, origin)
      return this.#add(state, octets - freed, put, ({ uids }) => uids)
    })
  }

  async replace(
    state: MailboxState,
    chosen: Chosen,
    message: AppendMessage,
    origin: string | undefined,
  ): Promise<Appended | undefined> {
    const { bytes } = this.quotaBytes === undefined ? noSums : await countMessages(state, chosen.uids)
    const octets = message.content.size - bytes
    const reservation = octets <= 0 ? undefined : await this.#reserve(octets)
    try {
      const { appended } = await this.#quota.change(
        () => replaceMessage(state, chosen, message, origin),
        async ({ appended, sums }) =>
          addSums(await countMessages(state, appended?.uids ?? []), negativeSums(sums)),
      )
      return appended
    } finally {
      reservation?.release()
    }
  }

  async copy(source: MailboxState, chosen: Chosen, target: MailboxPlace): Promise<Transferred> {
    const { quotaBytes } = this
    const { bytes } = quotaBytes === undefined ? noSums : await countMessages(source, chosen.uids)
    return this.#states.using(target, (to) => {
      const put = (): Promise<Transferred> => copyMessages(source, to, chosen)
      return this.#add(to, bytes, put, ({ transfer }) => transfer.uids.map(([, uid]) => uid))
    })
  }

  /**
   * Puts messages into a mailbox, within the quota; who needs no more room need not fit. `uidsOf` tells the UIDs that they have
   * there.
   */
  async #add<T>(
    to: MailboxState,
    octets: number,
    put: () => Promise<T>,
    uidsOf: (done: T) => readonly number[],
  ): Promise<T> {
    const reservation = octets <= 0 ? undefined : await this.#reserve(octets)
    try {
      return await this.#quota.change(put, (done) => countMessages(to, uidsOf(done)))
    } finally {
      reservation?.release()
    }
  }

  move(source: MailboxState, chosen: Chosen, target: MailboxPlace): Promise<Transferred> {
    return this.#states.using(target, (to) => this.#quota.change(() => moveMessages(source, to, chosen)))
  }

  async expunge(source: MailboxState, chosen: Chosen, options: ExpungeOptions): Promise<readonly number[]> {
    const { removed } = await this.#quota.change(
      () => expungeMessages(source, chosen, options),
      ({ sums }) => negativeSums(sums),
    )
    return removed
  }

  /** Octets and messages in all mailboxes. */
  async usage(): Promise<QuotaSums> {
    const { quotaBytes } = this
    if (quotaBytes !== undefined) return this.#quota.usage(quotaBytes)
    return (await countMaildir(this.#context, this.#root)).sums
  }

  /** Removes a mailbox with its messages. */
  async removeAll(state: MailboxState, remove: () => Promise<void>): Promise<void> {
    await this.#quota.change(async () => {
      await state.sync()
      const uids = state.snapshot().entries.map(({ uid }) => uid)
      const sums = await countMailbox(this.#context, state.place.path)
      await remove()
      await forgetDeliveries(this.#context, state.place.path)
      if (uids.length > 0) this.#context.announce.expunged(state.change({ cause: 'expunge', uids }))
      return sums
    }, negativeSums)
  }

  async #reserve(octets: number): Promise<Reservation | undefined> {
    const { quotaBytes } = this
    return quotaBytes === undefined ? undefined : this.#quota.reserve(octets, quotaBytes)
  }

  get #quota(): AccountQuota {
    return this.#states.quota(this.#root)
  }

  /** A message with flags is put in by the index: it alone keeps keywords, and knows of who changes `cur`. */
  async #admit(place: MailboxPlace, arrival: Arrival, options: StageOptions): Promise<void> {
    await this.#states.using(place, (state) =>
      state.exclusively(async () => {
        const uids = await admit(state, [arrival])
        await finishArrivalsSoon(state, [arrival])
        const origin = options.origin === undefined ? {} : { origin: options.origin }
        this.#context.announce.stored(state.change({ cause: options.cause ?? 'delivery', uids, ...origin }))
      }),
    )
  }
}
