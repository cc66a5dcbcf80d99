import { caseless } from './caseless.ts'
import { canonicalDomain, unicodeDomain } from './domain.ts'

export { canonicalDomain } from './domain.ts'

/** A mail address (RFC 5321 Mailbox, RFC 5322 addr-spec), taken apart and freed of its quoting. */
export interface Address {
  /** The local part without quotes and backslashes, as the sender spelt it; may hold any Unicode but controls. */
  readonly localPart: string
  /** Canonical (see {@link canonicalDomain}); empty for the bare `postmaster` of RFC 5321 §4.1.1.3 only. */
  readonly domain: string
}

/** What stands between `<` and `>` in MAIL FROM and RCPT TO, and what follows. */
export interface ParsedPath {
  /** The address, or null for the null reverse-path `<>`. */
  readonly path: Address | null
  /** Everything after the closing `>`, untouched: a space and the ESMTP parameters. */
  readonly rest: string
  /** Whether a source route (`@one.example,@two.example:`) stood before the address and was dropped. */
  readonly sourceRoute: boolean
}

// RFC 5321 §4.5.3.1: 64 is what everybody takes, and reverse-paths of mailings have more. With its domain it still fits the 512
// characters that tables keep of an address.
const MAX_LOCAL_PART_OCTETS = 256
// RFC 5321 §4.5.3.1.1
const COMMON_LOCAL_PART_OCTETS = 64
// No address within the limits is longer in any spelling; whatever is longer is not looked at.
const MAX_ADDRESS_LENGTH = 1024
const MAX_PATH_LENGTH = 4096

// RFC 5321 §4.1.2 with RFC 6531 §3.3: atext and everything beyond ASCII.
const dotString =
  /^[\w!#$%&'*+\-/=?^`{|}~\u0080-\u{10ffff}]+(?:\.[\w!#$%&'*+\-/=?^`{|}~\u0080-\u{10ffff}]+)*$/u
// Carriers have given out `jo..doe@` and `jo.@` for years, and others write them without quotes.
const looseDotString = /^[\w!#$%&'*+\-/=?^`{|}~.\u0080-\u{10ffff}]+$/u
const quotedString = /^"(?:[^"\\]|\\.)*"$/su
// Controls, lone surrogates, line separators, and the mark of octets that were not UTF-8.
const forbidden = /[\p{Cc}\p{Cs}\u2028\u2029\ufffd]/u
const asciiOnly = /^[\x00-\x7f]*$/
const sourceRoutePattern = /^(@(?:\[[^\]]*\]|[^[\],:@]+)(?:,@(?:\[[^\]]*\]|[^[\],:@]+))*):/
// A path up to the `>` that closes it; a quoted local part may hold one too.
const bracketed = /^<((?:[^<>"\\]|"(?:[^"\\]|\\.)*")*)>/s
// None of RFC 5322's specials but the dots and the `@`.
const bare = /^[^\s<>()[\]:;@\\,"]+@[^\s<>()[\]:;@\\,"=]+(?= |$)/

/**
 * Reads one address: RFC 5321 Mailbox (dot-string or quoted string, domain or address literal), with the local parts
 * and domains of RFC 6531. Dots in a local part may also stand first, last, or side by side: it is the quoted string's
 * (`jo..doe@` is `"jo..doe"@`). Undefined when it is anything else, has controls in it, or is longer than 256 octets of
 * local part as it would be written, or 255 of domain. No comments, no white space, no display name.
 */
export function parseAddress(text: string): Address | undefined {
  if (text.length > MAX_ADDRESS_LENGTH) return undefined
  const at = text.lastIndexOf('@')
  if (at <= 0) return undefined
  const localPart = parseLocalPart(text.slice(0, at))
  const domain = canonicalDomain(text.slice(at + 1))
  return localPart === undefined || domain === undefined ? undefined : { localPart, domain }
}

/**
 * Reads the `<…>` of MAIL FROM and RCPT TO at the start of `text`. A source route is recognised, checked and dropped
 * (RFC 5321 §4.1.2 wants it ignored); `<>` is the null path; `<postmaster>`, in any case, needs no domain (RFC 5321
 * §4.1.1.3). Undefined when there is no well-formed path.
 */
export function parsePath(text: string): ParsedPath | undefined {
  const matched = bracketed.exec(text.slice(0, MAX_PATH_LENGTH))
  if (matched === null) return undefined
  const rest = text.slice(matched[0].length)
  const inner = matched[1] ?? ''
  if (inner === '') return { path: null, rest, sourceRoute: false }
  if (inner.toLowerCase() === 'postmaster')
    return { path: { localPart: inner, domain: '' }, rest, sourceRoute: false }
  const route = sourceRoutePattern.exec(inner)
  if (route !== null && !isSourceRoute(route[1] ?? '')) return undefined
  const path = parseAddress(inner.slice(route?.[0].length ?? 0))
  return path && { path, rest, sourceRoute: route !== null }
}

/**
 * Reads a path without its `<` and `>` at the start of `text`, as old devices write it: an address with a plain local part and a
 * domain's name, up to a space or the end. Whatever could be read in two ways is none.
 */
export function parseBarePath(text: string): ParsedPath | undefined {
  const [inner] = bare.exec(text.slice(0, MAX_PATH_LENGTH)) ?? []
  const path = inner === undefined ? undefined : parseAddress(inner)
  return path && { path, rest: text.slice(inner?.length), sourceRoute: false }
}

/** Writes an address with A-labels, its local part quoted where needed: what SMTP commands and header fields take. */
export function formatAddress(address: Address): string {
  return join(address, address.domain)
}

/** Writes an address as people read it: U-labels instead of A-labels. For display and for SMTPUTF8 peers. */
export function formatUnicodeAddress(address: Address): string {
  return join(address, unicodeDomain(address.domain))
}

/** Whether the address can be sent only to peers that offer SMTPUTF8 (RFC 6531): its local part is not ASCII. */
export function needsSmtpUtf8(address: Address): boolean {
  return !asciiOnly.test(address.localPart)
}

/** Whether every server takes a local part of that length: at most 64 octets, as it is written (RFC 5321 §4.5.3.1.1). */
export function hasCommonLength({ localPart }: Pick<Address, 'localPart'>): boolean {
  return Buffer.byteLength(quoteLocalPart(localPart)) <= COMMON_LOCAL_PART_OCTETS
}

/** Whether two addresses reach the same mailbox in practice; see {@link addressKey}. */
export function sameAddress(a: Address, b: Address): boolean {
  return addressKey(a) === addressKey(b)
}

/**
 * A key under which to file an address: the domain, then the local part in normal form C and lower case. RFC 5321 §2.4
 * leaves case in local parts to the receiving host; no host of today tells `Jo` from `jo`. The key is not an address.
 */
export function addressKey(address: Address): string {
  return `${address.domain}@${caseless(address.localPart)}`
}

function parseLocalPart(text: string): string | undefined {
  if (forbidden.test(text)) return undefined
  const localPart = unquoteLocalPart(text)
  if (localPart === undefined || Buffer.byteLength(quoteLocalPart(localPart)) > MAX_LOCAL_PART_OCTETS)
    return undefined
  return localPart
}

function unquoteLocalPart(text: string): string | undefined {
  if (looseDotString.test(text)) return text
  return quotedString.test(text) ? text.slice(1, -1).replace(/\\(.)/gsu, '$1') : undefined
}

function quoteLocalPart(localPart: string): string {
  return dotString.test(localPart) ? localPart : `"${localPart.replace(/["\\]/g, '\\$&')}"`
}

function join(address: Address, domain: string): string {
  const localPart = quoteLocalPart(address.localPart)
  return domain === '' ? localPart : `${localPart}@${domain}`
}

function isSourceRoute(route: string): boolean {
  return route.split(',').every((hop) => canonicalDomain(hop.slice(1)) !== undefined)
}

/**
 * Whose mail it is where senders take turns. A mailing whose recipients each have a reverse-path of their own (VERP:
 * `news+jo=there.example@…`, `news-bounces-17@…`) is one sender's all the same, and so are all notifications, whose path is null.
 */
export function senderInTurn(reversePath: Address | null): string {
  if (reversePath === null) return '<>'
  const { localPart, domain } = reversePath
  // BATV has the address itself behind its mark: `prvs=0123abcdef=jo@…`.
  const unmarked = localPart.replace(/^prvs=[^=]*=(?=.)/i, '')
  const [name = unmarked] = /^.[^+=-]*/.exec(unmarked) ?? []
  return `${name}@${domain}`
}
