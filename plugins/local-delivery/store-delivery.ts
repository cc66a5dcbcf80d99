import {
  type AccountStore,
  type Batch,
  type BatchItem,
  bufferContent,
  type Content,
  errorCode,
  type Filing,
  formatAddress,
  joinedContent,
  type Log,
  MailwrightError,
  notWithoutOthers,
  type Outcome,
  reply,
  type StagedMessage,
  type StageOptions,
  type Store,
  withoutReversePath,
} from 'mailwright'
import { DeliveredBefore, loop } from './delivered-before.ts'
import { distinctFilings } from './distinct-filings.ts'
import { partedFlags } from './filing-flags.ts'
import type { LocalDeliveryOptions } from './options.ts'

// RFC 3463 §3.3: 5.2.2 is "mailbox full".
const full = reply(552, '5.2.2', 'The mailbox is full')
const notNow = reply(451, '4.2.0', 'The mailbox cannot be written now, try again later')

/** Why a mailbox that sorting named does not take a message that its account gets all the same (RFC 5228 §2.10.6). */
const keptInstead: ReadonlySet<string | undefined> = new Set([
  'MAIL_E_NOT_FOUND',
  'MAIL_E_INVALID',
  // There is INBOX and nothing else.
  'MAIL_E_UNSUPPORTED',
  // Those of others: nobody here can mend that soon, and the sender not at all.
  'MAIL_E_PERMISSION',
  'MAIL_E_OVER_QUOTA',
])

/** Why a store does not take a message with flags: it keeps none, or not these. */
const flagsRefused: ReadonlySet<string | undefined> = new Set(['MAIL_E_UNSUPPORTED', 'MAIL_E_INVALID'])

/** A copy, and the mailbox that it really goes into. */
interface Placed {
  readonly message: StagedMessage
  readonly mailbox: string
}

interface Staging {
  readonly content: Content
  readonly batch: Batch
  /** Whether INBOX gets the message in any case. */
  readonly hasCopy: boolean
}

type Staged = { readonly staged: readonly Placed[] } | { readonly outcome: Outcome }

function hasFailed(one: Staged): one is { readonly outcome: Outcome } {
  return 'outcome' in one
}

async function abort(staged: readonly Placed[]): Promise<void> {
  await Promise.all(staged.map(({ message }) => message.abort()))
}

/** Nobody gets anything where one cannot. */
async function giveUp(all: readonly Staged[]): Promise<readonly Outcome[]> {
  await Promise.all(all.map((one) => (hasFailed(one) ? undefined : abort(one.staged))))
  return all.map((one) => (hasFailed(one) ? one.outcome : notWithoutOthers))
}

/**
 * Puts messages into mailboxes in two steps: every copy is written durably first, and missing mailboxes are made, and only
 * then are they made visible, so that a full disk or mailbox in the middle of several recipients leaves no copy behind.
 */
export class StoreDelivery {
  readonly #store: Store
  readonly #options: LocalDeliveryOptions
  readonly #log: Log

  constructor(service: Store, options: LocalDeliveryOptions, log: Log) {
    this.#store = service
    this.#options = options
    this.#log = log
  }

  async deliver(batch: Batch): Promise<readonly Outcome[]> {
    const written = await Promise.all(batch.items.map((item) => this.#stageAll(batch, item)))
    if (batch.atomic && written.some(hasFailed)) return giveUp(written)
    const prepared = await Promise.all(written.map((one) => this.#prepare(batch, one)))
    if (batch.atomic && prepared.some(hasFailed)) return giveUp(prepared)
    return Promise.all(
      prepared.map((one) => (hasFailed(one) ? one.outcome : this.#commit(batch, one.staged))),
    )
  }

  async #stageAll(batch: Batch, item: BatchItem): Promise<Staged> {
    if (this.#options.deliveredTo && new DeliveredBefore(item.message.header).by(item.route))
      return { outcome: { kind: 'failed', reply: loop } }
    const staged: Placed[] = []
    try {
      if (item.route.kind !== 'account')
        throw new MailwrightError('MAIL_E_INVALID', 'not a route into an account')
      const accountStore = await this.#store.open(item.route.account)
      const content = await this.#withTrace(item)
      const filings = distinctFilings(item.filings)
      for (const filing of filings) {
        const hasCopy = [...filings, ...staged].some(({ mailbox }) => mailbox === 'INBOX')
        staged.push(...(await this.#stage(accountStore, filing, { content, batch, hasCopy })))
      }
      return { staged }
    } catch (error) {
      await abort(staged)
      return { outcome: this.#outcomeOf(batch, error) }
    }
  }

  /** One after the other: several copies of one recipient may be for one mailbox. */
  async #prepare(batch: Batch, one: Staged): Promise<Staged> {
    if (hasFailed(one)) return one
    try {
      for (const { message } of one.staged) await message.prepare?.()
      return one
    } catch (error) {
      await abort(one.staged)
      return { outcome: this.#outcomeOf(batch, error) }
    }
  }

  async #commit(batch: Batch, staged: readonly Placed[]): Promise<Outcome> {
    try {
      for (const { message } of staged) await message.commit()
      return { kind: 'delivered', text: `into ${staged.map(({ mailbox }) => mailbox).join(', ')}` }
    } catch (error) {
      // What was committed before stays; the others give back their room.
      await abort(staged)
      return this.#outcomeOf(batch, error)
    }
  }

  #outcomeOf({ id }: Batch, error: unknown): Outcome {
    if (errorCode(error) === 'MAIL_E_OVER_QUOTA') return { kind: 'failed', reply: full }
    this.#log.error('unavailable', { transaction: id, service: 'store', error })
    return { kind: 'deferred', reply: notNow }
  }

  /** RFC 5321 §4.4: final delivery puts the reverse-path on top, in place of what anybody has put there before. */
  async #withTrace({ reversePath, route, message }: BatchItem): Promise<Content> {
    const fields = [`Return-Path: <${reversePath === null ? '' : formatAddress(reversePath)}>`]
    if (this.#options.deliveredTo && route.kind === 'account')
      fields.push(`Delivered-To: ${formatAddress(route.address)}`)
    const trace = bufferContent(Buffer.from(fields.map((field) => `${field}\r\n`).join('')))
    const rest = await withoutReversePath(message)
    return joinedContent([
      { content: trace, start: 0, end: trace.size },
      { content: rest, start: 0, end: rest.size },
    ])
  }

  /**
   * Into the mailbox that sorting named. Where that does not take it: into INBOX, since mail is never lost for a name, unless a
   * copy goes there anyway.
   */
  async #stage(
    accountStore: AccountStore,
    filing: Filing,
    { content, batch: { id }, hasCopy }: Staging,
  ): Promise<readonly Placed[]> {
    const { mailbox, create } = filing
    const flags = this.#flagsOf(filing, id)
    const options = { origin: id, cause: 'delivery', ...(flags.length === 0 ? {} : { flags }) } as const
    try {
      const making = create === undefined ? options : { ...options, create }
      return [{ message: await this.#stageIn(accountStore, mailbox, content, making), mailbox }]
    } catch (error) {
      if (!keptInstead.has(errorCode(error)) || mailbox === 'INBOX') throw error
      const instead = hasCopy ? undefined : await this.#stageIn(accountStore, 'INBOX', content, options)
      const text = instead === undefined ? 'left out; INBOX has a copy' : 'filed into INBOX instead'
      this.#log.warn('refused', { transaction: id, mailbox, text, error })
      return instead === undefined ? [] : [{ message: instead, mailbox: 'INBOX' }]
    }
  }

  #flagsOf({ mailbox, flags = [] }: Filing, id: string): readonly string[] {
    const { kept, dropped } = partedFlags(flags)
    if (dropped.length > 0) {
      const text = 'filed without what is neither a flag nor a keyword'
      const left = dropped.slice(0, 10).map((flag) => flag.slice(0, 100))
      this.#log.warn('refused', { transaction: id, mailbox, flags: left, text })
    }
    return kept
  }

  /** Without its flags where the store keeps none: mail is not lost for a flag either. */
  async #stageIn(
    accountStore: AccountStore,
    mailbox: string,
    content: Content,
    options: StageOptions,
  ): Promise<StagedMessage> {
    const { flags, ...withoutFlags } = options
    try {
      return await accountStore.stage(mailbox, content, options)
    } catch (error) {
      if (flags === undefined || !flagsRefused.has(errorCode(error))) throw error
      const staged = await accountStore.stage(mailbox, content, withoutFlags)
      const text = 'filed without flags'
      this.#log.warn('refused', { transaction: options.origin, mailbox, flags, text, error })
      return staged
    }
  }
}
