import type { Random } from './random.ts'

type Choices<T> = readonly [T, ...T[]]

/** Pieces of commands, mostly as the syntax of RFC 9051 §9 has them and mostly such as mean something. */
export class ImapArgumentsMaker {
  readonly random: Random
  readonly #mailboxes: Choices<string>

  constructor(random: Random, mailboxes: Choices<string>) {
    this.random = random
    this.#mailboxes = mailboxes
  }

  pick<T>(...choices: Choices<T>): T {
    return this.random.pick(choices)
  }

  /** Some of them, with spaces between; at least so many. */
  row(least: number, most: number, item: () => string): string {
    return Array.from({ length: this.random.between(least, most) }, item).join(' ')
  }

  list(least: number, most: number, item: () => string): string {
    return `(${this.row(least, most, item)})`
  }

  /** A text or nothing. */
  maybe(chance: number, text: () => string): string {
    return this.random.chance(chance) ? text() : ''
  }

  /** Text as a string of one of the forms there are. */
  string(text: string): string {
    const isPlain = /^[\x20-\x7e]*$/.test(text)
    if (isPlain && this.random.chance(0.7)) return `"${text.replaceAll(/["\\]/g, '\\$&')}"`
    return literal(Buffer.from(text))
  }

  astring(text: string): string {
    return /^[\w./-]+$/.test(text) && this.random.chance(0.7) ? text : this.string(text)
  }

  word(): string {
    return this.pick('x', 'subject', 'ü', 'Größe', 'a b', '', '"', '\\', '%', '日本', 'text', '*', '\x7f')
  }

  mailbox(): string {
    return this.astring(this.random.chance(0.8) ? this.random.pick(this.#mailboxes) : this.oddMailbox())
  }

  oddMailbox(): string {
    const odd: Choices<string> = [
      'inbox',
      'New',
      'New/Child',
      'Ümlaut',
      '&AOk-',
      '&',
      'a&b',
      '/',
      'x//y',
      'INBOX/Sub',
      'Other Users/una@example.org/INBOX',
      'a\\b',
      'quo"te',
      '#news',
      '~x',
      '../../etc',
      'x'.repeat(300),
      '',
    ]
    return this.random.pick(odd)
  }

  pattern(): string {
    return this.pick('*', '%', '""', 'INBOX', 'W%', '*/*', '%/%', 'x*y', '"*ü*"', this.mailbox())
  }

  number(): string {
    return this.pick('0', '1', '2', '7', '100', '4294967295', '4294967296', String(this.random.below(30)))
  }

  modSequence(): string {
    return this.pick('0', '1', '5', String(this.random.below(100)), '9223372036854775807')
  }

  set(): string {
    const one = (): string => this.pick('1', '2', '3', '*', String(this.random.between(1, 20)))
    const range = (): string => (this.random.chance(0.4) ? `${one()}:${one()}` : one())
    if (this.random.chance(0.05)) return '$'
    if (this.random.chance(0.2)) return '1:*'
    return Array.from({ length: this.random.between(1, 4) }, range).join(',')
  }

  flag(): string {
    return this.pick(
      '\\Seen',
      '\\Deleted',
      '\\Flagged',
      '\\Answered',
      '\\Draft',
      'Junk',
      '$Forwarded',
      '\\seen',
      'x',
    )
  }

  date(): string {
    const date = this.pick('1-Jan-2026', '29-Feb-2024', '31-Dec-1999', '01-jul-2030')
    return this.random.chance(0.3) ? `"${date}"` : date
  }

  dateTime(): string {
    return this.pick('"29-Nov-2026 01:02:03 +0000"', '" 1-Jan-1970 00:00:00 -1130"')
  }

  section(): string {
    const part = this.maybe(0.5, () =>
      Array.from({ length: this.random.between(1, 3) }, () => this.random.between(1, 3)).join('.'),
    )
    const fields = (): string =>
      ` ${this.list(1, 3, () => this.astring(this.pick('Subject', 'From', 'X-Long')))}`
    const text = this.pick(
      '',
      '',
      'HEADER',
      'TEXT',
      'MIME',
      `HEADER.FIELDS${fields()}`,
      `HEADER.FIELDS.NOT${fields()}`,
    )
    return part !== '' && text !== '' ? `${part}.${text}` : `${part}${text}`
  }

  /** Responses tell where a part begins as a number of 32 bits, whatever may be asked for (RFC 9051 §9). */
  partial(): string {
    const number = (): string => this.pick('0', '1', '10', '4294967295')
    return this.maybe(0.3, () => `<${number()}.${number()}>`)
  }

  fetchItem(): string {
    const binary = (): string => this.pick('', '1', '1.1', '2', '3.2')
    return this.pick(
      'FLAGS',
      'UID',
      'INTERNALDATE',
      'RFC822.SIZE',
      'ENVELOPE',
      'BODY',
      'BODYSTRUCTURE',
      'MODSEQ',
      'EMAILID',
      'THREADID',
      'SAVEDATE',
      'PREVIEW',
      'PREVIEW (LAZY)',
      'RFC822',
      'RFC822.HEADER',
      'RFC822.TEXT',
      `BODY[${this.section()}]${this.partial()}`,
      `BODY.PEEK[${this.section()}]${this.partial()}`,
      `BINARY.PEEK[${binary()}]${this.partial()}`,
      `BINARY[${binary()}]`,
      `BINARY.SIZE[${binary()}]`,
    )
  }

  fetchItems(): string {
    return this.random.chance(0.2)
      ? this.pick('ALL', 'FAST', 'FULL')
      : this.list(1, 5, () => this.fetchItem())
  }

  /** A search key; of so many levels at most. */
  searchKey(depth = 3): string {
    if (depth > 0 && this.random.chance(0.25)) {
      const key = (): string => this.searchKey(depth - 1)
      return this.pick(`NOT ${key()}`, `OR ${key()} ${key()}`, this.list(1, 3, key))
    }
    const text = (): string => this.astring(this.word())
    return this.pick(
      this.pick('ALL', 'ANSWERED', 'DELETED', 'DRAFT', 'FLAGGED', 'SEEN', 'NEW', 'OLD', 'RECENT'),
      this.pick('UNANSWERED', 'UNDELETED', 'UNDRAFT', 'UNFLAGGED', 'UNSEEN', 'SAVEDATESUPPORTED'),
      `${this.pick('BEFORE', 'ON', 'SINCE', 'SENTBEFORE', 'SENTON', 'SENTSINCE')} ${this.date()}`,
      `${this.pick('SAVEDBEFORE', 'SAVEDON', 'SAVEDSINCE')} ${this.date()}`,
      `${this.pick('KEYWORD', 'UNKEYWORD')} ${this.pick('Junk', '$Forwarded', 'None')}`,
      `${this.pick('LARGER', 'SMALLER')} ${this.number()}`,
      `${this.pick('OLDER', 'YOUNGER')} ${this.number()}`,
      `${this.pick('BCC', 'CC', 'FROM', 'SUBJECT', 'TO', 'BODY', 'TEXT')} ${text()}`,
      `HEADER ${this.astring(this.pick('Subject', 'X-Eight', '__proto__', 'Nothing'))} ${text()}`,
      `UID ${this.set()}`,
      `${this.pick('UIDAFTER', 'UIDBEFORE')} ${this.number()}`,
      `MODSEQ ${this.maybe(0.3, () => '"/flags/\\\\draft" all ')}${this.modSequence()}`,
      `${this.pick('EMAILID', 'THREADID')} ${this.pick('M123', 'x', 'T-_9')}`,
      this.set(),
    )
  }

  criteria(): string {
    const charset = this.maybe(
      0.1,
      () => `CHARSET ${this.pick('UTF-8', 'US-ASCII', 'ISO-8859-1', 'X-NONE')} `,
    )
    return charset + this.row(1, 3, () => this.searchKey())
  }

  returns(): string {
    const option = (): string =>
      this.pick('ALL', 'COUNT', 'MIN', 'MAX', 'SAVE', 'PARTIAL 1:3', 'PARTIAL -1:-5', 'CONTEXT', 'UPDATE')
    return this.maybe(0.5, () => `RETURN ${this.list(0, 3, option)} `)
  }
}

/** Octets as a literal that nobody waits for. */
export function literal(octets: Buffer, mark: '' | '~' = ''): string {
  return `${mark}{${octets.length}+}\r\n${octets.toString('latin1')}`
}
