import { changedFlags, type FlagChange, type MessageEntry } from 'mailwright'

/** What a client expects of the messages that it changes. */
export class ExpectedFlags {
  readonly #change: FlagChange
  #before: readonly string[] | undefined
  #after: string | undefined

  constructor(change: FlagChange) {
    this.#change = change
  }

  /** Whether the client knows the flags without being told. */
  are(before: MessageEntry | undefined, now: MessageEntry): boolean {
    return before !== undefined && this.#afterwards(before.flags) === now.flags.join(' ')
  }

  /** Many messages that follow each other have the same flags. Undefined where they cannot be changed so. */
  #afterwards(flags: readonly string[]): string | undefined {
    if (this.#before !== flags) {
      this.#before = flags
      this.#after = changedFlags(flags, this.#change)?.join(' ')
    }
    return this.#after
  }
}
