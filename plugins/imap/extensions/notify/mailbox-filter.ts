import type { ImapArguments } from 'mailwright/imap'

/** What filters ask of a mailbox, or of a name that is none. */
export interface FilteredMailbox {
  readonly name: string
  readonly isPersonal: boolean
  readonly isSubscribed: boolean
}

/** Which mailboxes a group of events is about (RFC 5465 §6). */
export type MailboxFilter =
  | { readonly kind: 'selected'; readonly isDelayed: boolean }
  | {
      readonly kind: 'others'
      matches(mailbox: FilteredMailbox): boolean
      /** Those that the client names itself. */
      readonly names: readonly string[]
      /** It is about none but these. */
      readonly isOfNames: boolean
      /** What is subscribed may change it. */
      readonly isOfSubscriptions: boolean
    }

/** Reads filter-mailboxes (RFC 5465 §8, RFC 7377 §3). */
export function readMailboxFilter(args: ImapArguments): MailboxFilter {
  const word = args.word()
  switch (word) {
    case 'SELECTED':
    case 'SELECTED-DELAYED':
      return { kind: 'selected', isDelayed: word === 'SELECTED-DELAYED' }
    // RFC 5465 §6.3: the same, where nobody can tell which of them mail is delivered to.
    case 'INBOXES':
    case 'PERSONAL':
      return others(({ isPersonal }) => isPersonal)
    case 'SUBSCRIBED':
      return { ...others(({ isSubscribed }) => isSubscribed), isOfSubscriptions: true }
    case 'MAILBOXES':
      return { ...named(args, (names, name) => names.has(name)), isOfNames: true }
    case 'SUBTREE':
      return named(args, isWithin)
    case 'SUBTREE-ONE':
      return named(args, (names, name) => names.has(name) || names.has(parentOf(name)))
    default:
      return args.fail(`${word} are no mailboxes`)
  }
}

type Others = Extract<MailboxFilter, { readonly kind: 'others' }>

function others(matches: Others['matches'], names: readonly string[] = []): Others {
  return { kind: 'others', matches, names, isOfNames: false, isOfSubscriptions: false }
}

/** One name, or several in parentheses. Wildcards mean nothing there (RFC 5465 §6.6). */
function named(args: ImapArguments, matches: (names: ReadonlySet<string>, name: string) => boolean): Others {
  args.space()
  const names = args.sees('(') ? args.list(() => args.mailbox(), 1) : [args.mailbox()]
  const all = new Set(names)
  return others(({ name }) => matches(all, name), names)
}

function isWithin(names: ReadonlySet<string>, name: string): boolean {
  if (names.has('')) return true
  for (let level = name; level !== ''; level = parentOf(level)) if (names.has(level)) return true
  return false
}

function parentOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('/')))
}
