import type {
  Account,
  Appended,
  AppendMessage,
  Content,
  StagedMessage,
  StageOptions,
  Transfer,
} from 'mailwright'
import { appendMessages } from './append.ts'
import type { MboxContext } from './context.ts'
import { type NewMessage, requireCanonical, spoolMessages } from './delivery.ts'
import type { FoundFile } from './mailbox-files.ts'
import { canonicalMailboxName, inbox } from './mailbox-name.ts'
import { accountUsage } from './quota.ts'
import type { SharedAccount } from './shared-states.ts'
import { MboxStagedMessage } from './staged.ts'
import { copyMessages, type TransferSource } from './transfer.ts'

/** What brings messages into an account's mailboxes, within its quota. */
export class Incoming {
  readonly #context: MboxContext
  /** What the account may hold; undefined: as much as it likes. */
  quotaBytes: number | undefined
  readonly #shared: SharedAccount

  constructor(context: MboxContext, account: Account, shared: SharedAccount) {
    this.#context = context
    this.quotaBytes = account.quotaBytes
    this.#shared = shared
  }

  /** See `AccountStore.stage`. */
  async stage(mailbox: string, content: Content, options: StageOptions): Promise<StagedMessage> {
    const name = canonicalMailboxName(mailbox)
    const message = this.#message({ ...options, content })
    const { files } = this.#shared
    const create = options.create === true && name !== inbox
    const found = create ? await files.findOrRoom(name) : await files.require(name)
    const giveBack = await this.#reserve(content.size)
    const { release: releaseMailbox, ...shared } = this.#shared.share(name)
    const release = (): void => {
      releaseMailbox()
      giveBack()
    }
    try {
      const spooled = await spoolMessages(this.#context, shared.state.place, [message], isEmpty(found))
      const make = async (): Promise<void> => (create ? files.createMissing(name) : undefined)
      return new MboxStagedMessage({ mailbox: shared, spooled, options, make, release })
    } catch (error) {
      release()
      throw error
    }
  }

  /** See `AccountStore.append`. */
  async append(
    mailbox: string,
    messages: readonly AppendMessage[],
    origin?: string,
    freed = 0,
  ): Promise<Appended> {
    const name = canonicalMailboxName(mailbox)
    const fresh = messages.map((message) => this.#message(message))
    const found = await this.#shared.files.require(name)
    const octets = messages.reduce((sum, { content }) => sum + content.size, 0)
    const giveBack = await this.#reserve(octets - freed)
    const { state, release } = this.#shared.share(name)
    try {
      await state.sync()
      if (messages.length === 0) return { uidValidity: state.known.uidValidity, uids: [] }
      const spooled = await spoolMessages(this.#context, state.place, fresh, isEmpty(found))
      const wanted = messages.map(({ uid }) => uid)
      const appended = await appendMessages(state, spooled, wanted)
      const { uids } = appended
      this.#context.announce.stored(state.change({ cause: 'append', uids, ...withOrigin(origin) }))
      return appended
    } finally {
      giveBack()
      release()
    }
  }

  /** Copies into a mailbox. */
  async copy(source: TransferSource, target: string): Promise<Transfer> {
    const name = canonicalMailboxName(target)
    await this.#shared.files.require(name)
    const { known } = source.state
    const octets = source.uids.reduce((sum, uid) => sum + (known.record(uid)?.size ?? 0), 0)
    const giveBack = await this.#reserve(octets)
    const { state, release } = this.#shared.share(name)
    try {
      return await copyMessages(source, state)
    } finally {
      giveBack()
      release()
    }
  }

  #message({ content, flags, internalDate, uidl }: AppendMessage): NewMessage {
    const { clock } = this.#context
    const date = internalDate ?? new Date(clock.now())
    return { content, flags: requireCanonical(flags), internalDate: date, uidl }
  }

  async #reserve(octets: number): Promise<() => void> {
    const { quotaBytes } = this
    // Who needs no more room need not fit.
    if (quotaBytes === undefined || octets <= 0) return () => undefined
    return this.#shared.quota.reserve(octets, quotaBytes, () => accountUsage(this.#shared))
  }
}

function isEmpty(found: FoundFile | undefined): boolean {
  return found === undefined || found.status.size === 0
}

function withOrigin(origin: string | undefined): { readonly origin?: string } {
  return origin === undefined ? {} : { origin }
}
