import {
  type AddressPatterns,
  type PrefixLengths,
  readAddressPatterns,
  readDomainPatterns,
  readOptions,
  readRecipientPatterns,
} from 'mailwright'
import { type MailConcern, type MailRole, readConcern } from 'mailwright/network'

/** Of the options `ipv4Prefix` and `ipv6Prefix`. */
interface ClientNetworks {
  /** What makes one network. */
  readonly prefixes: PrefixLengths
}

/** Times are milliseconds. */
export interface GreylistingOptions extends ClientNetworks, MailConcern {
  readonly delay: number
  readonly retryWindow: number
  readonly maxAge: number
  /** 0: never. */
  readonly allowAfter: number
  readonly nullSender: 'message' | 'recipient' | 'off'
  readonly whenUnavailable: 'pass' | 'defer'
  readonly maxTriplets: number
  readonly allowClientNames: AddressPatterns
  readonly allowSenders: AddressPatterns
  readonly allowRecipients: AddressPatterns
}

/** What a config may write. */
export interface GreylistingInput {
  /** How long a client that is new has to wait. `5m` */
  readonly delay?: number | string
  /** How long after its first attempt it may come back. `2d` */
  readonly retryWindow?: number | string
  /** How long who came back is known, counted from the last time. `35d` */
  readonly maxAge?: number | string
  /** Which bits of an IPv4 address count: servers try again from a neighbour. 24 */
  readonly ipv4Prefix?: number
  /** The same for IPv6. 64 */
  readonly ipv6Prefix?: number
  /** After so many passes, at most one an hour, a network is not greylisted any more. 0: never. 5 */
  readonly allowAfter?: number
  /** When mail from `<>` is put off: at the end of the `message`, at the `recipient` as others, or never. `message` */
  readonly nullSender?: 'message' | 'recipient' | 'off'
  /** Where the database does not answer. `pass` */
  readonly whenUnavailable?: 'pass' | 'defer'
  /** Triplets that are kept; beyond it the oldest go that nobody came back for. 1,000,000 */
  readonly maxTriplets?: number
  /** Networks whose clients are not greylisted. `[]` */
  readonly exempt?: readonly string[]
  /** Whether own clients of this server are greylisted, too: those that log in, and whom `relay` or `pop-before-smtp` lets send. `false` */
  readonly ownClients?: boolean
  /** Domains; clients whose confirmed name is one or below one are not greylisted. `[]` */
  readonly allowClientNames?: readonly string[]
  /** Senders: addresses, `user@`, domains with what is below them, or `<>`. `[]` */
  readonly allowSenders?: readonly string[]
  /** Recipients, in the same form; a word without dots is a local part. `['postmaster@', 'abuse@']` */
  readonly allowRecipients?: readonly string[]
  /** Of which listeners the sessions are greylisted: `transfer`, `submission`, `lmtp`. `['transfer']` */
  readonly roles?: readonly MailRole[]
}

// As postgrey has it.
const meaning = { domainsIncludeBelow: true }
const year = 366 * 86_400_000

export function parseOptions(input: unknown): GreylistingOptions {
  const read = readOptions(input)
  const delay = read.duration('delay', { default: '5m', max: 86_400_000 })
  const retryWindow = read.duration('retryWindow', { default: '2d', min: 1000, max: year })
  if (retryWindow <= delay) read.fault('retryWindow', 'must be longer than `delay`')
  return read.done({
    delay,
    retryWindow,
    maxAge: read.duration('maxAge', { default: '35d', min: 1000, max: 10 * year }),
    prefixes: {
      ipv4: read.integer('ipv4Prefix', { default: 24, min: 8, max: 32 }),
      ipv6: read.integer('ipv6Prefix', { default: 64, min: 16, max: 128 }),
    },
    allowAfter: read.integer('allowAfter', { default: 5, min: 0, max: 10_000 }),
    nullSender: read.choice('nullSender', ['message', 'recipient', 'off'], { default: 'message' }),
    whenUnavailable: read.choice('whenUnavailable', ['pass', 'defer'], { default: 'pass' }),
    maxTriplets: read.integer('maxTriplets', { default: 1_000_000, min: 100, max: 1_000_000_000 }),
    ...readConcern(read),
    allowClientNames: readDomainPatterns(read, 'allowClientNames', meaning),
    allowSenders: readAddressPatterns(read, 'allowSenders', { ...meaning, nullSender: true }),
    allowRecipients: readRecipientPatterns(read, 'allowRecipients', {
      ...meaning,
      default: ['postmaster@', 'abuse@'],
    }),
  })
}
