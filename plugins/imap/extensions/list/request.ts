import type {
  ImapArguments,
  ImapCall,
  ImapListDecoration,
  ImapListedMailbox,
  ImapListRequest,
  ImapSession,
} from 'mailwright/imap'
import { MailboxPatterns } from './pattern.ts'

/** A LIST command as it was read (RFC 9051 §6.3.9, RFC 5258 §3). */
export interface ListCommand {
  readonly selection: ListSelection
  readonly patterns: MailboxPatterns
  readonly decorations: readonly ImapListDecoration[]
  /** It has selection or return options, or patterns in parentheses. */
  readonly isExtended: boolean
  /** `""`: only the hierarchy's delimiter is asked for. */
  readonly asksForDelimiter: boolean
}

/** What is to be listed: selection options together. */
class ListSelection implements ImapListRequest {
  readonly session: ImapSession
  /** Subscriptions are listed instead of the mailboxes that exist. */
  ofSubscriptions = false
  /** Names are listed too that have something below them that is selected. */
  isRecursive = false
  /** Options that restrict what is listed, as CHILDINFO names them. */
  readonly criteria: Set<string> = new Set()
  readonly returns: Set<string> = new Set()
  readonly #tests: ((listed: ImapListedMailbox) => boolean)[] = []

  constructor(session: ImapSession) {
    this.session = session
  }

  readonly keepOnly = (test: (listed: ImapListedMailbox) => boolean): void => {
    this.#tests.push(test)
  }

  readonly alsoReturn = (name: string): void => {
    this.returns.add(name)
  }

  /** Whether a mailbox passes all tests. */
  admits(listed: ImapListedMailbox): boolean {
    return this.#tests.every((test) => test(listed))
  }

  /** Reads the options in parentheses. */
  read(args: ImapArguments): void {
    args.list(() => this.#readOption(args))
    if (this.isRecursive && this.criteria.size === 0)
      args.fail('RECURSIVEMATCH needs another selection option')
  }

  #readOption(args: ImapArguments): void {
    const name = args.word()
    if (name === 'RECURSIVEMATCH') {
      this.isRecursive = true
      return
    }
    if (name === 'SUBSCRIBED') {
      this.ofSubscriptions = true
      this.criteria.add(name)
      this.alsoReturn(name)
      return
    }
    const { listSelections } = this.session.server.vocabulary
    const option = listSelections.get(name) ?? args.fail(`The selection option ${name} is unknown`)
    const before = this.#tests.length
    option(args, this)
    if (this.#tests.length > before) this.criteria.add(name)
  }
}

/** What clients are told that give no options: it costs little, and those of RFC 3348 and RFC 6154 §2 hope for it. */
const unasked = ['CHILDREN', 'SPECIAL-USE']

/** Reads the arguments of LIST. */
export function readListCommand({ args, session }: ImapCall): ListCommand {
  const selection = new ListSelection(session)
  args.space()
  const hasSelection = args.sees('(')
  if (hasSelection) {
    selection.read(args)
    args.space()
  }
  const reference = args.mailbox()
  args.space()
  const hasPatterns = args.sees('(')
  const patterns = hasPatterns ? args.list(() => args.mailboxPattern(), 1) : [args.mailboxPattern()]
  const hasReturns = args.takes(' ')
  const isExtended = hasSelection || hasPatterns || hasReturns
  if (!isExtended) for (const name of unasked) selection.alsoReturn(name)
  const decorations = readReturns(args, selection, hasReturns)
  args.end()
  return {
    selection,
    patterns: new MailboxPatterns(reference, patterns),
    decorations,
    isExtended,
    asksForDelimiter: !isExtended && patterns[0] === '',
  }
}

/** Return options that are given, and those that are implied. One that comes twice counts once (RFC 5258 §3). */
function readReturns(
  args: ImapArguments,
  { session, returns }: ListSelection,
  areGiven: boolean,
): readonly ImapListDecoration[] {
  const { listReturns } = session.server.vocabulary
  const decorations = new Map<string, ImapListDecoration>()
  if (areGiven) {
    args.expects('RETURN')
    args.space()
    args.list(() => {
      const name = args.word()
      const option = listReturns.get(name) ?? args.fail(`The return option ${name} is unknown`)
      decorations.set(name, option(args, session))
    })
  }
  for (const name of returns) {
    const option = decorations.has(name) ? undefined : listReturns.get(name)
    if (option !== undefined) decorations.set(name, option(args, session))
  }
  return [...decorations.values()]
}
