import {
  type AddressPatterns,
  canonicalDomain,
  type OptionReader,
  readOptions,
  readRecipientPatterns,
} from 'mailwright'
import { type MailConcern, type MailRole, readConcern } from 'mailwright/network'
import { type AnswerPattern, parseAnswerPattern } from './answer-pattern.ts'

/** What of a session a list is asked about. */
const subjects = ['client', 'hello', 'sender'] as const
export type Subject = (typeof subjects)[number]

/** A list in the DNS, or a part of one. */
export interface DnsList {
  /** Canonical. */
  readonly zone: string
  /** What replies, findings and the log call it. */
  readonly name: string
  readonly of: Subject
  /** Added for who is on it; below 0 for lists of good ones. */
  readonly score: number
  /** Empty: all answers. */
  readonly answers: readonly AnswerPattern[]
}

export interface DnsListsOptions extends MailConcern {
  readonly lists: readonly DnsList[]
  readonly threshold: number
  readonly refuseAt: 'client' | 'recipient' | 'never'
  readonly reachable: AddressPatterns
  /** Milliseconds. */
  readonly timeout: number
}

export interface DnsListInput {
  /** Such as `zen.spamhaus.org`. */
  readonly zone: string
  /** What others see in place of the zone, which may hold a key that is a secret. The zone. */
  readonly name?: string
  /** What is looked up: the client's address, or the domain of its `hello` or of the `sender`. `client` */
  readonly of?: Subject
  /** Added where it is on the list; below 0 for a list of good ones. 1 */
  readonly score?: number
  /** Which answers count, such as `127.0.0.[2..11]`. All. */
  readonly answers?: readonly string[]
}

/** What a config may write. */
export interface DnsListsInput {
  /** Several may have one zone: it is asked once. */
  readonly lists: readonly DnsListInput[]
  /** From this sum on mail is refused. 1 */
  readonly threshold?: number
  /** When: for each `recipient`, or the `client` before its greeting; `never`: there are findings only. `recipient` */
  readonly refuseAt?: 'client' | 'recipient' | 'never'
  /** Recipients who are never refused: local parts, addresses, or domains. `['postmaster', 'abuse']` */
  readonly reachable?: readonly string[]
  /** Of which listeners the clients are looked up: `transfer`, `submission`, `lmtp`. `['transfer']` */
  readonly roles?: readonly MailRole[]
  /** Networks whose clients are not looked up. `[]` */
  readonly exempt?: readonly string[]
  /** Whether own clients of this server are looked up, too: those that log in, and whom `relay` or `pop-before-smtp` lets send. `false` */
  readonly ownClients?: boolean
  /** How long answers are waited for, at most. `10s` */
  readonly timeout?: number | string
}

export function parseOptions(input: unknown): DnsListsOptions {
  const read = readOptions(input)
  const lists = read.list('lists', readList)
  if (lists.length === 0) read.fault('lists', 'must name a list')
  return read.done({
    lists,
    threshold: readNumber(read, 'threshold', 1),
    refuseAt: read.choice('refuseAt', ['client', 'recipient', 'never'], { default: 'recipient' }),
    reachable: readRecipientPatterns(read, 'reachable', { default: ['postmaster', 'abuse'], lenient: true }),
    ...readConcern(read),
    timeout: read.duration('timeout', { default: '10s', min: 100, max: 25_000 }),
  })
}

function readList(read: OptionReader): DnsList {
  const written = read.string('zone')
  const zone = canonicalDomain(written)
  if (written !== '' && (zone === undefined || zone.startsWith('[')))
    read.fault('zone', 'must be a domain such as "zen.spamhaus.org"')
  const answers = read.strings('answers', { default: [] }).flatMap((text, index) => {
    const pattern = parseAnswerPattern(text)
    if (pattern === undefined)
      read.fault(`answers[${index}]`, 'must be an address or a pattern such as "127.0.0.[2..11]"')
    return pattern === undefined ? [] : [pattern]
  })
  return {
    zone: zone ?? '',
    name: read.string('name', {
      default: zone ?? '',
      pattern: /^[\x20-\x7e]{1,200}$/,
      expected: 'a short text',
    }),
    of: read.choice('of', subjects, { default: 'client' }),
    score: readNumber(read, 'score', 1),
    answers,
  }
}

function readNumber(read: OptionReader, name: string, fallback: number): number {
  const value = read.value(name)
  if (value === undefined) return fallback
  if (typeof value === 'number' && Number.isFinite(value)) return value
  read.fault(name, 'must be a number')
  return fallback
}
