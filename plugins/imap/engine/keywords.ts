import { type MessageEntry, systemFlags } from 'mailwright'

/** What is known of all messages of a mailbox together; made once for a list that many sessions share. */
export interface MailboxFacts {
  /** Keywords that occur. */
  readonly keywords: readonly string[]
  /** Sequence number of the first message without `\Seen`; 0 where all have it. */
  readonly firstUnseen: number
}

/** Keywords of one mailbox, above which STORE takes no new ones. */
export const mostKeywords = 500

const known = new WeakMap<readonly MessageEntry[], MailboxFacts>()
const isSystemFlag = (flag: string): boolean => systemFlags.includes(flag)

/** Facts of a list of messages. */
export function mailboxFacts(messages: readonly MessageEntry[]): MailboxFacts {
  const before = known.get(messages)
  if (before !== undefined) return before
  const facts: MailboxFacts = {
    keywords: keywordsOf(messages),
    firstUnseen: messages.findIndex(({ flags }) => !flags.includes('\\Seen')) + 1,
  }
  known.set(messages, facts)
  return facts
}

/** Keywords of messages, each once, sorted. */
export function keywordsOf(messages: Iterable<MessageEntry>): readonly string[] {
  const found = new Set<string>()
  let before: readonly string[] = []
  for (const { flags } of messages) {
    if (flags === before || flags.length === 0) continue
    before = flags
    for (const flag of flags) if (!isSystemFlag(flag)) found.add(flag)
  }
  return [...found].sort()
}
