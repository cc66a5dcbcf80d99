import { type AccountStore, type AppendMessage, errorCode, errorText, type StoreAbilities } from 'mailwright'
import { EndOfRun, isRefusal } from './end-of-run.ts'
import type { Journal } from './journal.ts'
import { storableFlags } from './message-flags.ts'
import type { FailedMessage, LoadedMessage } from './source.ts'
import type { Target } from './target-mailboxes.ts'

// Refusals one after the other that mean: nothing fits any more.
const refusalsInARow = 10
// Above it, a UID of the source would leave too few for the mailbox's future.
const highestKeptUid = 2 ** 31

/** What writing needs of its surroundings. */
export interface WriterContext {
  readonly account: AccountStore
  readonly supports: StoreAbilities
  readonly journal: Journal
  readonly target: Target
  /** Messages get the UIDs that they have at the source, as far as the mailbox can give them. */
  readonly keepUids: boolean
}

/** Puts batches into one mailbox, each noted in the journal before and after. */
export class TargetWriter {
  readonly #context: WriterContext
  /** Messages that come next will be there or above. */
  #uidNext: number
  #refusals = 0

  constructor(context: WriterContext) {
    this.#context = context
    this.#uidNext = context.target.uidNext
  }

  /** Stores a batch; answers those that were refused. EndOfRun where going on makes no sense. */
  async write(messages: readonly LoadedMessage[]): Promise<readonly FailedMessage[]> {
    const { journal, target } = this.#context
    const keys = messages.map(({ entry }) => entry.key)
    await journal.begin(keys, target.uidValidity, this.#uidNext)
    const failed: FailedMessage[] = []
    await this.#append(messages, failed)
    journal.end(failed.map(({ entry }) => entry.key))
    return failed
  }

  /** Stores messages together; where that is refused, halves of them, down to the one that is to blame. */
  async #append(messages: readonly LoadedMessage[], failed: FailedMessage[]): Promise<void> {
    const { account, target } = this.#context
    try {
      const { uids } = await account.append(
        target.name,
        messages.map((message) => this.#appendMessage(message)),
      )
      this.#refusals = 0
      this.#uidNext = Math.max(this.#uidNext, (uids.at(-1) ?? 0) + 1)
    } catch (error) {
      if (!isRefusal(error)) throw error
      const [only, ...others] = messages
      if (only === undefined) return
      if (others.length === 0) {
        failed.push({ entry: only.entry, problem: errorText(error) })
        this.#countRefusal(error)
        return
      }
      const half = Math.ceil(messages.length / 2)
      await this.#append(messages.slice(0, half), failed)
      await this.#append(messages.slice(half), failed)
    }
  }

  #appendMessage({ entry, content }: LoadedMessage): AppendMessage {
    const { supports, keepUids } = this.#context
    const { internalDate, uid, flags } = entry
    const isKept = keepUids && uid !== undefined && uid >= 1 && uid <= highestKeptUid
    return {
      content,
      flags: storableFlags(flags, supports),
      ...(internalDate === undefined ? {} : { internalDate }),
      ...(isKept ? { uid } : {}),
    }
  }

  #countRefusal(error: unknown): void {
    this.#refusals++
    if (errorCode(error) === 'MAIL_E_OVER_QUOTA' && this.#refusals >= refusalsInARow)
      throw new EndOfRun('MAIL_E_OVER_QUOTA', 'nothing fits into the account any more', { cause: error })
  }
}
