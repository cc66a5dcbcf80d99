import { createHash } from 'node:crypto'
import type { Content } from '../model/content.ts'
import type { FlagChange } from '../model/flags.ts'
import type { Rights } from '../model/rights.ts'
import type { SearchCriterion } from '../model/search.ts'
import type { MessageSummary } from '../model/summary.ts'
import type {
  ExpungeOptions,
  FlagChangeOptions,
  FlagOutcome,
  Mailbox,
  MessageEntry,
  Transfer,
} from '../services/mailbox.ts'
import type { AccessGuard, Located } from './access-guard.ts'
import { changePermittedFlags } from './flag-changes.ts'
import { permitsEveryFlag, permittedFlags } from './flag-rights.ts'
import { copyByAppending } from './foreign-transfer.ts'
import type { Operation } from './operations.ts'

/** An opened mailbox of this account or another, with the rights that the account has at each moment. */
export class GuardedMailbox implements Mailbox {
  readonly #guard: AccessGuard
  readonly #located: Located
  readonly #inner: Mailbox

  constructor(guard: AccessGuard, located: Located, inner: Mailbox) {
    this.#guard = guard
    this.#located = located
    this.#inner = inner
  }

  get name(): string {
    return this.#guard.nameOf(this.#here)
  }

  get id(): string {
    return mailboxId(this.#located, this.#inner.id)
  }

  get uidValidity(): number {
    return this.#inner.uidValidity
  }

  get uidNext(): number {
    return this.#inner.uidNext
  }

  get highestModSequence(): number {
    return this.#inner.highestModSequence
  }

  get entries(): readonly MessageEntry[] {
    return this.#inner.entries
  }

  async refresh(): Promise<boolean> {
    await this.#demand('read')
    return this.#inner.refresh()
  }

  async content(uid: number): Promise<Content> {
    await this.#demand('read')
    return this.#inner.content(uid)
  }

  /** Asks for the right before the first of them: many messages are not to wait for each. */
  summaries(uids: readonly number[]): AsyncIterable<MessageSummary> {
    return {
      [Symbol.asyncIterator]: () => {
        let inner: AsyncIterator<MessageSummary> | undefined
        const begin = async (): Promise<IteratorResult<MessageSummary>> => {
          await this.#demand('read')
          inner = this.#inner.summaries(uids)[Symbol.asyncIterator]()
          return inner.next()
        }
        return {
          next: () => inner?.next() ?? begin(),
          return: async () => (await inner?.return?.()) ?? { done: true, value: undefined },
        }
      },
    }
  }

  async search(criterion: SearchCriterion): Promise<readonly number[]> {
    await this.#demand('read')
    return this.#inner.search(criterion)
  }

  async vanishedSince(modSequence: number): Promise<readonly number[] | undefined> {
    await this.#demand('read')
    return this.#inner.vanishedSince(modSequence)
  }

  async changeFlags(
    uids: readonly number[],
    change: FlagChange,
    options?: FlagChangeOptions,
  ): Promise<FlagOutcome> {
    const rights = await this.#demand('read')
    return changePermittedFlags(this.#inner, rights, uids, change, options)
  }

  async expunge(uids: readonly number[], options?: ExpungeOptions): Promise<readonly number[]> {
    await this.#demand('expunge')
    return this.#inner.expunge(uids, options)
  }

  async copy(uids: readonly number[], target: string): Promise<Transfer> {
    await this.#demand('read')
    const { located, rights } = await this.#target(target)
    if (this.#staysWithin(located, rights)) return this.#inner.copy(uids, located.mailbox)
    return this.#append(uids, located, rights)
  }

  async move(uids: readonly number[], target: string): Promise<Transfer> {
    await this.#demand('takeOut')
    const { located, rights } = await this.#target(target)
    if (this.#staysWithin(located, rights)) return this.#inner.move(uids, located.mailbox)
    const transfer = await this.#append(uids, located, rights)
    await this.#inner.expunge(transfer.uids.map(([from]) => from))
    return transfer
  }

  get replace(): Mailbox['replace'] {
    if (this.#inner.replace === undefined) return undefined
    return async (uid, message, origin) => {
      await this.#demand('takeOut')
      const rights = await this.#demand('append')
      const flags = permittedFlags(message.flags ?? [], rights)
      return this.#inner.replace?.(uid, { ...message, flags }, origin)
    }
  }

  close(): Promise<void> {
    return this.#inner.close()
  }

  /** Under the name that the mailbox has now. */
  get #here(): Located {
    return { ...this.#located, mailbox: this.#inner.name }
  }

  #demand(operation: Operation): Promise<Rights> {
    return this.#guard.demand(this.#here, operation)
  }

  async #target(name: string): Promise<{ readonly located: Located; readonly rights: Rights }> {
    const located = await this.#guard.find(name)
    return { located, rights: await this.#guard.demand(located, 'append') }
  }

  /**
   * Whether the owner's store can do it: within one account, and where every flag may go along. The flags of the view may
   * be old ones.
   */
  #staysWithin(target: Located, rights: Rights): boolean {
    return target.owner.id === this.#located.owner.id && permitsEveryFlag(rights)
  }

  #append(uids: readonly number[], target: Located, rights: Rights): Promise<Transfer> {
    return copyByAppending(this.#inner, uids, target, ({ flags }) => permittedFlags(flags, rights))
  }
}

/** A mailbox's id for this account. Stores promise different ones within one account only (RFC 8474 §4). */
export function mailboxId({ owner, space }: Located, id: string): string {
  if (space === 'personal') return id
  return `${createHash('sha256').update(owner.id).digest('base64url').slice(0, 16)}-${id}`
}
