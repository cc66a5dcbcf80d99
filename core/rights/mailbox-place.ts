import { type Address, addressKey } from '../model/address/address.ts'

/** The first level of mailboxes of other accounts; the second is the owner's address (RFC 2342 §5). */
export const otherUsersLevel = 'Other Users'
/** The first level of mailboxes that belong to nobody. */
export const sharedLevel = 'Shared'

/** Where a name leads. */
export type MailboxPlace =
  | { readonly space: 'personal'; readonly mailbox: string }
  | { readonly space: 'other'; readonly owner: string; readonly mailbox: string }
  | { readonly space: 'shared'; readonly mailbox: string }
  /** A name that no mailbox can have: a level of a namespace itself, something malformed below it, or one too long. */
  | { readonly space: 'nowhere' }

const inbox = 'INBOX'
const longestName = 1000
const control = /[\p{Cc}\u2028\u2029]/u
const reserved = new RegExp(`^(?:${otherUsersLevel}|${sharedLevel})~*$`)
const nowhere: MailboxPlace = { space: 'nowhere' }

/**
 * Takes a name apart: `Other Users/<address>/<mailbox>`, `Shared/<mailbox>`, everything else is the account's own. An own
 * mailbox that is called like a namespace itself is reached by that name with a `~` behind its first level, one that ends
 * with `~` by one more. Only these spellings count; `other users` is an own mailbox like any other.
 */
export function placeOf(name: string): MailboxPlace {
  const [first = '', ...rest] = name.split('/')
  if (first === sharedLevel) {
    const mailbox = foreignMailbox(rest)
    return mailbox === undefined ? nowhere : { space: 'shared', mailbox }
  }
  if (first === otherUsersLevel) {
    const [owner = '', ...levels] = rest
    const mailbox = foreignMailbox(levels)
    return mailbox === undefined || owner === '' ? nowhere : { space: 'other', owner, mailbox }
  }
  const mailbox = [ownLevel(first), ...rest].join('/')
  // Before a store has looked at a name, the lists of all its levels are asked for.
  return mailbox.length > longestName ? nowhere : { space: 'personal', mailbox }
}

/** The name of an own mailbox, as {@link placeOf} reads it. */
export function personalName(mailbox: string): string {
  const [first = '', ...rest] = mailbox.split('/')
  return [reserved.test(first) ? `${first}~` : first, ...rest].join('/')
}

/** The name of another account's mailbox. */
export function otherName(owner: Address, mailbox: string): string {
  return `${otherUsersLevel}/${ownerLevel(owner)}/${mailbox}`
}

/** The name of a public mailbox. */
export function sharedName(mailbox: string): string {
  return `${sharedLevel}/${mailbox}`
}

/**
 * An address as a level of a name: what would end the level, or mean something in a pattern or between quotes, is %XX.
 * Addresses that reach the same account are the same level, others are not.
 */
export function ownerLevel(address: Address): string {
  const localPart = addressKey(address).slice(address.domain.length + 1)
  return `${localPart.replace(/[%/*@"\\]/g, percent)}@${address.domain.replace(/[%/*@"\\]/g, percent)}`
}

/** The mailbox of these levels; undefined where none can have such a name. */
function foreignMailbox(levels: readonly string[]): string | undefined {
  const mailbox = levels.join('/')
  const fits = mailbox.length <= longestName && mailbox.isWellFormed() && !control.test(mailbox)
  if (!fits || levels.length === 0 || levels.includes('')) return undefined
  // Its store would take it for INBOX, whose list stands under that name only.
  return levels[0] !== inbox && levels[0]?.toUpperCase() === inbox ? undefined : mailbox
}

/** The first level of an own mailbox in its store. INBOX is the same in any case (RFC 9051 §5.1). */
function ownLevel(level: string): string {
  if (level.toUpperCase() === inbox) return inbox
  return level.endsWith('~') && reserved.test(level) ? level.slice(0, -1) : level
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}
