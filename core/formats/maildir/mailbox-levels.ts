import { inbox } from '../../model/mailbox.ts'
import { canonicalMaildirMailbox, mailboxOfMaildirDirectory } from './mailbox-name.ts'
import { decodeModifiedUtf7 } from './modified-utf7.ts'

// A list with more than this of what is no name is something else.
const mostStrangers = 1000

/**
 * Our names of mailboxes from their levels, each once, in their order. What can be no name is passed over. Undefined
 * where there is so much of it that this is no list of mailboxes.
 */
export function mailboxesOf(lines: Iterable<readonly string[]>): readonly string[] | undefined {
  const names = new Set<string>()
  let strangers = 0
  for (const levels of lines) {
    const name = mailboxOfLevels(levels)
    if (name !== undefined) names.add(name)
    else if (++strangers > mostStrangers) return undefined
  }
  return [...names]
}

/**
 * Our name of a mailbox from its levels as another server spells them: in modified UTF-7, or in UTF-8. The same name as
 * its directory gives. Undefined for what can be none.
 */
export function mailboxOfLevels(levels: readonly string[]): string | undefined {
  const [first = ''] = levels
  if (levels.length === 1 && first.toUpperCase() === inbox) return inbox
  // In Maildir++ a dot would start a new level; where it does not, the levels are in directories of their own.
  if (!levels.some((level) => level.includes('.'))) return mailboxOfMaildirDirectory(`.${levels.join('.')}`)
  try {
    return canonicalMaildirMailbox(levels.map(decodeMailboxLevel).join('/'))
  } catch {
    return undefined
  }
}

/** One level of a name as another server spells it: in modified UTF-7 (RFC 3501 §5.1.3), else as it stands. */
export function decodeMailboxLevel(level: string): string {
  return decodeModifiedUtf7(level) ?? level
}
