import { Random } from './random.ts'

const subjects = [
  'meeting',
  'Meeting',
  'report for the quarter',
  '[list] plan',
  '[list]',
  '[Größe] plan',
  'Büro',
  'BÜRO',
  'Straße',
  'x [fwd: y]',
  '(fwd)',
  '',
  '  spaced   out  ',
  'ΟΔΟΣ',
  'οδος',
  '\u{1f600} smile',
  '\uff21 wide',
  '\ufb01le',
  'ǆ',
] as const
const leaders = [
  'Re: ',
  're:',
  'RE : ',
  'Fwd: ',
  'FW:',
  '[list] Re: ',
  'Re[2]: ',
  'Re: [list] ',
  '',
  '',
  '',
] as const
const trailers = ['', '', '', '', ' (fwd)', '(FWD) ', ' '] as const
const addresses = [
  'ann@example.org',
  'Ann <ann@example.org>',
  'Zoe <BOB@example.org>',
  '"Quoted, Name" <carl@example.net>',
  '=?utf-8?q?J=C3=BCrgen?= <jürgen@example.com>',
  'dora@example.com (Dora Comment)',
  '"odd local"@example.org',
  '<eve@example.org>',
  'friends: fay@example.org, gus@example.org;',
  'nobody:;',
  '',
] as const
const zones = ['+0000', '+0200', '-0800', 'GMT', 'EST', ''] as const
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const

/** How messages of a conversation refer to each other. */
export interface ConversationOptions {
  /** Whether ids occur twice, references lead in circles, fields are missing or damaged. */
  readonly isWild: boolean
}

/**
 * Messages that answer each other, in the order in which they came, which is not always that of their dates. Headers are
 * what differs: subjects, addresses, dates, Message-ID, References and In-Reply-To.
 */
export function conversations(
  seed: number,
  count: number,
  { isWild }: ConversationOptions,
): readonly Buffer[] {
  const writer = new ConversationWriter(new Random(seed), isWild, count)
  return Array.from({ length: count }, (_, index) => Buffer.from(writer.message(index)))
}

interface Sent {
  readonly id: string
  readonly references: readonly string[]
  readonly subject: string
}

class ConversationWriter {
  readonly #random: Random
  readonly #isWild: boolean
  readonly #count: number
  readonly #sent: Sent[] = []

  constructor(random: Random, isWild: boolean, count: number) {
    this.#random = random
    this.#isWild = isWild
    this.#count = count
  }

  message(index: number): string {
    const random = this.#random
    const sent = random.chance(0.6) ? this.#reply(index) : this.#first(index)
    this.#sent.push(sent)
    const lines = [
      `Subject: ${this.#encoded(sent.subject)}`,
      ...['From', 'To', 'Cc'].flatMap((name) => this.#addressLine(name)),
      ...this.#dateLine(index),
      ...(this.#isWild && random.chance(0.05) ? [] : [`Message-ID: ${this.#written(sent.id)}`]),
      ...this.#referenceLines(sent.references),
      '',
      `${index}`.repeat(random.between(1, 400)),
      '',
    ]
    return lines.join('\r\n')
  }

  #first(index: number): Sent {
    const random = this.#random
    const subject =
      this.#count > 1_000
        ? `${random.pick(subjects)} ${random.below(this.#count / 4)}`
        : random.pick(subjects)
    return {
      id: this.#newId(index),
      references: [],
      subject: `${random.pick(leaders)}${subject}${random.pick(trailers)}`,
    }
  }

  #reply(index: number): Sent {
    const random = this.#random
    const back = random.chance(0.8) ? random.below(30) : random.below(this.#sent.length + 1)
    const parent = this.#sent[Math.max(0, this.#sent.length - 1 - back)] ?? this.#first(index)
    const subject = random.chance(0.9)
      ? `${random.pick(['Re: ', 'Re: ', 'Fwd: ', ''])}${parent.subject}`
      : random.pick(subjects)
    let references = [...parent.references, parent.id]
    if (random.chance(0.1)) references = references.slice(-2)
    // Some of them never came, or come later.
    if (random.chance(0.1))
      references.splice(random.below(references.length), 0, `lost${random.below(50)}@example.org`)
    if (this.#isWild) references = this.#wild(references, index)
    return { id: this.#newId(index), references, subject: subject.slice(0, 200) }
  }

  #wild(references: readonly string[], index: number): string[] {
    const random = this.#random
    if (random.chance(0.05)) return references.toReversed()
    if (random.chance(0.05)) return [...references, `m${index}@example.org`]
    if (random.chance(0.05)) return [`m${index + random.below(20)}@example.org`, ...references]
    if (random.chance(0.03))
      return [`m${random.below(index + 1)}@example.org`, `m${random.below(index + 1)}@example.org`]
    return [...references]
  }

  #newId(index: number): string {
    const isDouble = this.#isWild && this.#random.chance(0.03)
    return `m${isDouble ? Math.max(0, index - this.#random.below(20)) : index}@example.org`
  }

  /** An id with brackets, sometimes quoted or spaced in another way. */
  #written(id: string): string {
    if (this.#isWild && this.#random.chance(0.03))
      return this.#random.pick(['none', '<none>', '<>', 'a@b>', '@'])
    if (this.#random.chance(0.03)) return `<"${id.split('@')[0]}"@example.org>`
    return this.#random.chance(0.03) ? `< ${id} >` : `<${id}>`
  }

  #referenceLines(references: readonly string[]): readonly string[] {
    if (references.length === 0) return []
    const random = this.#random
    const parent = `In-Reply-To: ${this.#written(references.at(-1) ?? '')}`
    if (random.chance(0.1)) return [parent]
    const field = `References: ${references.map((id) => this.#written(id)).join(random.pick([' ', '\r\n ', '\r\n\t', '']))}`
    return random.chance(0.5) ? [parent, field] : [field]
  }

  #addressLine(name: string): readonly string[] {
    const random = this.#random
    if (random.chance(0.1)) return []
    const list = [random.pick(addresses), ...(random.chance(0.3) ? ['hal@example.org'] : [])]
    return [`${name}: ${list.filter((each) => each !== '').join(',\r\n ')}`]
  }

  #dateLine(index: number): readonly string[] {
    const random = this.#random
    if (random.chance(0.05)) return []
    if (this.#isWild && random.chance(0.03))
      return [`Date: ${random.pick(['yesterday', '31 Feb 2026 10:00:00 +0000', ''])}`]
    const minute = index * 7 + random.below(40)
    const date = new Date(Date.UTC(2026, 0, 1) + Math.floor(minute / 5) * 300_000)
    const time = `${date.getUTCHours()}`.padStart(2, '0')
    const day = `${date.getUTCDate()} ${months[date.getUTCMonth()]} ${date.getUTCFullYear()}`
    return [
      `Date: ${day} ${time}:${`${date.getUTCMinutes()}`.padStart(2, '0')}:00 ${random.pick(zones)}`.trimEnd(),
    ]
  }

  #encoded(subject: string): string {
    if (/^[\x20-\x7e]*$/.test(subject)) return subject
    return this.#random.chance(0.3) ? subject : `=?utf-8?b?${Buffer.from(subject).toString('base64')}?=`
  }
}
