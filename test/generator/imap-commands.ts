import { overlay } from 'mailwright/testing'
import { ImapArgumentsMaker, literal } from './imap-arguments.ts'
import { nastyMessage } from './nasty.ts'
import type { Random } from './random.ts'

/** Mailboxes that commands are mostly about. */
export const commandMailboxes = ['INBOX', 'Work', 'Work/Deep', 'Archive'] as const

/**
 * Makes commands of all kinds at random, without their tags, as text of octets; literals are such that nobody waits for.
 * IDLE and AUTHENTICATE go on when the server says so.
 */
export class ImapCommandMaker {
  readonly #make: ImapArgumentsMaker
  readonly #random: Random

  /** Its methods can be called without it. */
  readonly #bound: ImapArgumentsMaker

  constructor(random: Random) {
    this.#random = random
    this.#make = new ImapArgumentsMaker(random, commandMailboxes)
    this.#bound = overlay(this.#make, {})
  }

  /** The commands that are known here. */
  get names(): readonly string[] {
    return Object.keys(this.#commands)
  }

  /** One of them. */
  command(): string {
    const [first, ...rest] = this.names
    if (first === undefined) throw new TypeError('no commands')
    return this.commandOf(this.#random.pick([first, ...rest]))
  }

  commandOf(name: string): string {
    const make = this.#commands[name]
    if (make === undefined) throw new TypeError(`${name} is not known`)
    const text = make()
    const written = this.#random.chance(0.1) ? name.toLowerCase() : name
    return text === '' ? written : `${written} ${text}`
  }

  readonly #nothing = (): string => ''

  get #commands(): Readonly<Record<string, () => string>> {
    return {
      ...this.#ofSessions,
      ...this.#ofMailboxes,
      ...this.#ofMessages,
      ...this.#ofSearches,
      ...this.#ofRights,
    }
  }

  get #ofSessions(): Readonly<Record<string, () => string>> {
    const { pick, row, list, maybe, string } = this.#bound
    return {
      CAPABILITY: this.#nothing,
      NOOP: this.#nothing,
      CHECK: this.#nothing,
      LOGOUT: this.#nothing,
      STARTTLS: this.#nothing,
      UNAUTHENTICATE: this.#nothing,
      LOGIN: () => `${pick('tim@example.org', 'una@example.org', 'x')} ${string('correct horse')}`,
      AUTHENTICATE: () => `${pick('PLAIN', 'LOGIN', 'SCRAM-SHA-256', 'X')}${pick('', ' =', ' AHgAeA==')}`,
      ID: () => pick('NIL', `("name" ${string('x')} "version" NIL)`),
      ENABLE: () => row(1, 2, () => pick('IMAP4rev2', 'CONDSTORE', 'QRESYNC', 'UTF8=ACCEPT', 'UIDONLY', 'X')),
      IDLE: this.#nothing,
      COMPRESS: () => 'BZIP2',
      NOTIFY: () => pick('NONE', `SET ${maybe(0.3, () => 'STATUS ')}${row(1, 3, () => this.#eventGroup())}`),
      CANCELUPDATE: () => row(1, 2, () => string(pick('t1', 'x'))),
      SETQUOTA: () => `"" ${list(0, 2, () => `${pick('STORAGE', 'MESSAGE')} ${this.#make.number()}`)}`,
      GETQUOTA: () => pick('""', 'x', '"#user/x"'),
    }
  }

  get #ofMailboxes(): Readonly<Record<string, () => string>> {
    const { pick, list, maybe, mailbox, pattern, astring, string } = this.#bound
    const opening = (): string => mailbox() + maybe(0.3, () => ` ${this.#selectParameters()}`)
    const item = (): string =>
      pick(
        'MESSAGES',
        'RECENT',
        'UIDNEXT',
        'UIDVALIDITY',
        'UNSEEN',
        'DELETED',
        'SIZE',
        'HIGHESTMODSEQ',
        'MAILBOXID',
      )
    const entry = (): string =>
      astring(pick('/private/comment', '/shared/comment', '/private/vendor/x/y', '/x'))
    return {
      SELECT: opening,
      EXAMINE: opening,
      CLOSE: this.#nothing,
      UNSELECT: this.#nothing,
      CREATE: () => mailbox() + maybe(0.2, () => ` (USE (${pick('\\Sent', '\\Drafts', '\\All', '\\X')}))`),
      DELETE: mailbox,
      RENAME: () => `${mailbox()} ${mailbox()}`,
      SUBSCRIBE: mailbox,
      UNSUBSCRIBE: mailbox,
      LIST: () => this.#listArguments(),
      LSUB: () => `${pick('""', mailbox())} ${pattern()}`,
      XLIST: () => `${pick('""', mailbox())} ${pattern()}`,
      NAMESPACE: this.#nothing,
      STATUS: () => `${mailbox()} ${list(1, 4, item)}`,
      GETQUOTAROOT: mailbox,
      GETMETADATA: () =>
        `${maybe(0.3, () => `(${pick('MAXSIZE 10', 'DEPTH 1', 'DEPTH infinity')}) `)}${pick('""', mailbox())} ${list(1, 2, entry)}`,
      SETMETADATA: () =>
        `${pick('""', mailbox())} ${list(1, 2, () => `${entry()} ${pick('NIL', string('value'), literal(Buffer.from('a\0b'), '~'))}`)}`,
    }
  }

  get #ofMessages(): Readonly<Record<string, () => string>> {
    const { pick, list, maybe, mailbox, set, flag, modSequence } = this.#bound
    const fetch = (byUid: boolean) => (): string =>
      `${set()} ${this.#make.fetchItems()}${this.#fetchModifiers(byUid)}`
    const store = (): string => {
      const condition = maybe(0.2, () => `(UNCHANGEDSINCE ${modSequence()}) `)
      const flags = pick(list(0, 3, flag), flag())
      return `${set()} ${condition}${pick('', '+', '-')}FLAGS${pick('', '.SILENT')} ${flags}`
    }
    const transfer = (): string => `${set()} ${mailbox()}`
    const replace = (): string => `${pick('1', '2', '3', '*')} ${mailbox()} ${this.#appended()}`
    return {
      FETCH: fetch(false),
      'UID FETCH': fetch(true),
      STORE: store,
      'UID STORE': store,
      COPY: transfer,
      'UID COPY': transfer,
      MOVE: transfer,
      'UID MOVE': transfer,
      EXPUNGE: this.#nothing,
      'UID EXPUNGE': set,
      APPEND: () => `${mailbox()} ${this.#make.row(1, 2, () => this.#appended())}`,
      REPLACE: replace,
      'UID REPLACE': replace,
    }
  }

  get #ofSearches(): Readonly<Record<string, () => string>> {
    const { pick, row, mailbox, criteria, returns, searchKey } = this.#bound
    const key = (): string =>
      `${pick('', 'REVERSE ')}${pick('ARRIVAL', 'CC', 'DATE', 'FROM', 'SIZE', 'SUBJECT', 'TO', 'DISPLAYFROM', 'DISPLAYTO')}`
    const charset = (): string => pick('UTF-8', 'US-ASCII', 'X-NONE')
    const sort = (): string =>
      `${returns()}${this.#make.list(1, 3, key)} ${charset()} ${row(1, 2, () => searchKey())}`
    const thread = (): string =>
      `${pick('REFS', 'REFERENCES', 'ORDEREDSUBJECT', 'X')} ${charset()} ${searchKey()}`
    const source = (): string =>
      pick(
        'selected',
        'inboxes',
        'personal',
        'subscribed',
        `mailboxes ${mailbox()}`,
        `subtree (${mailbox()} ${mailbox()})`,
      )
    return {
      SEARCH: () => returns() + criteria(),
      'UID SEARCH': () => returns() + criteria(),
      ESEARCH: () => `IN (${row(1, 2, source)}) ${returns()}${criteria()}`,
      SORT: sort,
      'UID SORT': sort,
      THREAD: thread,
      'UID THREAD': thread,
    }
  }

  get #ofRights(): Readonly<Record<string, () => string>> {
    const { pick, mailbox } = this.#bound
    const who = (): string =>
      pick('una@example.org', 'tim@example.org', 'anyone', 'authenticated', '-anyone', '"x y"')
    return {
      GETACL: mailbox,
      SETACL: () => `${mailbox()} ${who()} ${pick('lrs', '+w', '-r', '""', 'lrswipkxtea', 'q')}`,
      DELETEACL: () => `${mailbox()} ${who()}`,
      LISTRIGHTS: () => `${mailbox()} ${who()}`,
      MYRIGHTS: mailbox,
    }
  }

  #selectParameters(): string {
    const { pick, modSequence, number, set } = this.#bound
    const known = (): string => pick('', ` ${set()}`, ` 1:20 (1,5 1,5)`)
    return pick('(CONDSTORE)', `(QRESYNC (${number()} ${modSequence()}${known()}))`, '(X)')
  }

  #listArguments(): string {
    const { pick, list, maybe, mailbox, pattern } = this.#bound
    const selection = (): string => pick('SUBSCRIBED', 'REMOTE', 'RECURSIVEMATCH', 'SPECIAL-USE')
    const item = (): string =>
      pick(
        'SUBSCRIBED',
        'CHILDREN',
        'SPECIAL-USE',
        'MYRIGHTS',
        'STATUS (MESSAGES UNSEEN)',
        'METADATA (/private/comment)',
      )
    const patterns = pick(pattern(), list(1, 3, pattern))
    const returned = maybe(0.4, () => ` RETURN ${list(0, 3, item)}`)
    return `${maybe(0.3, () => `${list(0, 2, selection)} `)}${pick('""', mailbox())} ${patterns}${returned}`
  }

  #fetchModifiers(byUid: boolean): string {
    const { pick, list, maybe, modSequence } = this.#bound
    const since = `CHANGEDSINCE ${modSequence()}`
    const modifier = (): string => pick(since, 'PARTIAL 1:3', 'PARTIAL -1:-2', byUid ? 'VANISHED' : since)
    return maybe(0.2, () => ` ${pick(list(1, 2, modifier), `(${since} VANISHED)`)}`)
  }

  /** A message as APPEND takes it. */
  #appended(): string {
    const { pick, list, maybe, flag, dateTime } = this.#bound
    const octets = this.#random.chance(0.1) ? this.#random.octets(50) : nastyMessage(this.#random)
    const data = pick(
      literal(octets),
      literal(octets),
      literal(octets, '~'),
      `UTF8 (${literal(octets, '~')})`,
      `CATENATE (TEXT ${literal(octets)} URL "/INBOX/;UID=1/;SECTION=TEXT" URL "/Archive/;UID=2")`,
    )
    return `${maybe(0.4, () => `${list(0, 2, flag)} `)}${maybe(0.3, () => `${dateTime()} `)}${data}`
  }

  #eventGroup(): string {
    const { pick, mailbox } = this.#bound
    const filter = pick(
      'selected',
      'selected-delayed',
      'inboxes',
      'personal',
      'subscribed',
      `mailboxes ${mailbox()}`,
    )
    const messages = pick(
      'MessageNew MessageExpunge',
      'MessageNew (UID FLAGS ENVELOPE) MessageExpunge FlagChange',
    )
    const events = pick(
      `(${messages})`,
      'NONE',
      `(${messages} MailboxName SubscriptionChange)`,
      '(FlagChange)',
    )
    return `(${filter} ${events})`
  }
}
