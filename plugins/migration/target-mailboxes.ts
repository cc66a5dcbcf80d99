import {
  type AccountStore,
  errorCode,
  errorText,
  type MailboxInfo,
  type SpecialUse,
  type StoreAbilities,
} from 'mailwright'
import type { SourceMailbox } from './source.ts'
import { isPlain, plainName, safeName } from './target-name.ts'

/** Where the messages of a mailbox go. */
export interface Target {
  readonly name: string
  readonly id: string
  readonly uidValidity: number
  readonly uidNext: number
  /** No message has ever been in it. */
  readonly isNew: boolean
  /** The name at the source, where it could not be kept. */
  readonly insteadOf?: string
}

/** Names that are tried for one mailbox, at most. */
const attempts = 9

/** Finds or makes the mailboxes that an import fills: each mailbox of the source has one of its own. */
export class TargetMailboxes {
  readonly #account: AccountStore
  readonly #supports: StoreAbilities
  readonly #into: readonly string[]
  readonly #known = new Map<string, MailboxInfo>()
  /** Which mailbox of the source has a name here. */
  readonly #taken = new Map<string, string>()

  private constructor(account: AccountStore, supports: StoreAbilities, into: readonly string[]) {
    this.#account = account
    this.#supports = supports
    this.#into = into
  }

  /** `into` is the mailbox that INBOX of the source goes to, and that all others go below. */
  static async read(
    account: AccountStore,
    supports: StoreAbilities,
    into: readonly string[],
  ): Promise<TargetMailboxes> {
    const targets = new TargetMailboxes(account, supports, into)
    for (const info of await account.mailboxes()) targets.#known.set(info.name, info)
    return targets
  }

  /** The name that a mailbox would get, without making it. */
  nameOf(mailbox: SourceMailbox): string {
    const levels = this.#levels(mailbox)
    return isPlain(levels) ? plainName(levels) : safeName(levels)
  }

  /** The mailbox's target, made where it is missing. `before` is the name that an earlier run used. */
  async prepare(mailbox: SourceMailbox, before: string | undefined): Promise<Target> {
    const levels = this.#levels(mailbox)
    let refusal: unknown
    for (const name of candidates(levels, before)) {
      if (this.#taken.has(name) && this.#taken.get(name) !== mailbox.key) continue
      try {
        await this.#make(name, mailbox.specialUse)
        const status = await this.#account.status(name)
        this.#taken.set(name, mailbox.key)
        const { id, uidValidity, uidNext, messages } = status
        const isNew = messages === 0 && uidNext === 1
        const target = { name, id, uidValidity, uidNext, isNew }
        return name === plainName(levels) ? target : { ...target, insteadOf: plainName(levels) }
      } catch (error) {
        if (errorCode(error) !== 'MAIL_E_INVALID') throw error
        refusal = error
      }
    }
    throw refusal ?? new RangeError('every name is taken')
  }

  /** Subscribes to a mailbox of the source by the name that it has here. Answers what was wrong with it. */
  async subscribe(
    levels: readonly string[],
    names: ReadonlyMap<string, string>,
  ): Promise<string | undefined> {
    const wanted = this.#below(levels)
    const name = names.get(plainName(levels)) ?? (isPlain(wanted) ? plainName(wanted) : safeName(wanted))
    try {
      await this.#account.subscribe(name, true)
      return undefined
    } catch (error) {
      if (errorCode(error) === 'MAIL_E_UNAVAILABLE') throw error
      return errorText(error)
    }
  }

  async #make(name: string, use: SpecialUse | undefined): Promise<void> {
    const known = this.#known.get(name)
    const wanted = this.#isFree(use) && name !== 'INBOX' ? use : undefined
    if (known !== undefined) {
      if (wanted !== undefined && known.specialUse === undefined)
        await this.#account.setSpecialUse(name, wanted)
    } else {
      try {
        await this.#account.createMailbox(name, wanted === undefined ? {} : { specialUse: wanted })
      } catch (error) {
        if (errorCode(error) !== 'MAIL_E_EXISTS') throw error
      }
    }
    if (known === undefined || wanted !== undefined) await this.#learn()
  }

  /** Parents are made with their children, and a store may spell names in its own way. */
  async #learn(): Promise<void> {
    for (const info of await this.#account.mailboxes()) this.#known.set(info.name, info)
  }

  /** Nothing here is for that yet, so that it may be given away. */
  #isFree(use: SpecialUse | undefined): boolean {
    if (use === undefined || !this.#supports.subscriptions) return false
    return ![...this.#known.values()].some(({ specialUse }) => specialUse === use)
  }

  #levels({ levels }: SourceMailbox): readonly string[] {
    return this.#below(levels)
  }

  #below(levels: readonly string[]): readonly string[] {
    if (this.#into.length === 0) return levels
    return plainName(levels) === 'INBOX' ? this.#into : [...this.#into, ...levels]
  }
}

function* candidates(levels: readonly string[], before: string | undefined): Generator<string> {
  if (before !== undefined) yield before
  if (isPlain(levels)) yield plainName(levels)
  yield safeName(levels)
  for (let number = 2; number <= attempts; number++) yield `${safeName(levels)}-${number}`
}
