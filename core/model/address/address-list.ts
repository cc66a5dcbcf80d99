import { decodeEncodedWords } from '../mime/encoded-word.ts'
import { type Address, formatAddress, parseAddress } from './address.ts'
import { type AddressToken, nextToken } from './address-token.ts'

/** One mailbox of an address list, as far as it can be made out. */
export class ListedMailbox {
  readonly kind = 'mailbox'
  /** The display name without its quotes, encoded words untouched; empty where there is none. ENVELOPE's addr-name. */
  readonly displayName: string
  /** The source route that stood before the address (`@one.example,@two.example`), else empty. ENVELOPE's addr-adl. */
  readonly sourceRoute: string
  /** The local part without its quotes. */
  readonly localPart: string
  /** The domain as written, without comments; empty where there is none. */
  readonly domain: string
  /** Whether it is against RFC 5322 §3.4 and §4.4, so that another reader may see another address in it. */
  readonly isMalformed: boolean

  constructor(displayName: string, sourceRoute: string, found: FoundAddress) {
    this.displayName = displayName
    this.sourceRoute = sourceRoute
    this.localPart = found.localPart
    this.domain = found.domain
    this.isMalformed = found.isMalformed
  }

  /** The address in canonical form; undefined where it is malformed or not an address that mail can be sent to. */
  get address(): Address | undefined {
    return this.isMalformed ? undefined : parseAddress(formatAddress(this))
  }

  /** The display name for people: encoded words (RFC 2047) decoded. */
  get name(): string {
    return decodeEncodedWords(this.displayName)
  }
}

/** Where a group (RFC 5322 §3.4) begins, with its name, and where it ends. Groups do not nest, and are always ended. */
export type ListedGroupMark =
  | { readonly kind: 'group-start'; readonly displayName: string }
  | { readonly kind: 'group-end' }

export type AddressListEntry = ListedMailbox | ListedGroupMark

/** What an address list holds, flat and in order. */
export interface AddressList {
  readonly entries: readonly AddressListEntry[]
  /** The mailboxes alone, those in groups included. */
  readonly mailboxes: readonly ListedMailbox[]
  /** Whether there was more than the limit allows, which was not read. */
  readonly truncated: boolean
}

/** The place of a mailbox between `<` and `>`, or without them. */
interface FoundAddress {
  readonly localPart: string
  readonly domain: string
  readonly isMalformed: boolean
}

/**
 * Reads an RFC 5322 address-list: the body of From, To, Cc and the like, unfolded. Display names, comments, groups,
 * source routes and the obsolete forms of §4.4 are understood; anything else gives entries that are marked malformed.
 * What is quoted never becomes part of a domain or another address. Any text is answered in linear time, and not read
 * beyond `limit` entries (1,000 unless told otherwise) or 50 tokens for each of them.
 */
export function parseAddressList(text: string, options: { readonly limit?: number } = {}): AddressList {
  const reader = new AddressListReader(text, options.limit ?? 1000)
  return reader.read()
}

// An honest mailbox has fewer than ten; the limit bounds the work also where nothing ends an entry.
const TOKENS_AN_ENTRY = 50

class AddressListReader {
  readonly #text: string
  readonly #limit: number
  readonly #entries: AddressListEntry[] = []
  #words: AddressToken[] = []
  /** Whether one of the words is an `@`: to look for it at each colon would cost a square of their number. */
  #hasAt = false
  #angle: AddressToken[] | undefined
  #inAngle = false
  #route = ''
  #comment = ''
  #isMalformed = false
  #inGroup = false
  #count = 0
  #tokens = 0

  constructor(text: string, limit: number) {
    this.#text = text
    this.#limit = limit
  }

  read(): AddressList {
    let truncated = false
    let at = 0
    for (let afterAt = false; ; ) {
      const token = nextToken(this.#text, at, afterAt)
      if (token === undefined) break
      this.#tokens += 1
      if (this.#count >= this.#limit || this.#tokens > this.#limit * TOKENS_AN_ENTRY) {
        truncated = true
        break
      }
      if (token.kind === 'comment') this.#takeComment(token)
      else this.#take(token)
      afterAt = token.kind === '@' || (afterAt && token.kind === 'comment')
      at = token.end
    }
    if (!truncated) this.#endMailbox()
    if (this.#inGroup) this.#endGroup()
    const mailboxes = this.#entries.filter((entry) => entry.kind === 'mailbox')
    return { entries: this.#entries, mailboxes, truncated }
  }

  /** RFC 5322 §3.4 (and RFC 822 before it): only behind an address without brackets a comment says who it is. */
  #takeComment({ text }: AddressToken): void {
    const isBehindAddress = this.#hasAt && this.#words.at(-1)?.kind !== '@'
    if (this.#angle === undefined && isBehindAddress) this.#comment = text
  }

  #take(token: AddressToken): void {
    if (this.#inAngle) this.#takeInAngle(token)
    else if (token.kind === ',') this.#endMailbox()
    else if (token.kind === ';') {
      this.#endMailbox()
      if (this.#inGroup) this.#endGroup()
    } else if (token.kind === '<') {
      // Of two addresses in brackets a reader may see either.
      if (this.#angle !== undefined) this.#isMalformed = true
      this.#angle ??= []
      this.#inAngle = true
    } else if (token.kind === ':' && this.#beginsGroup()) this.#beginGroup()
    else if (token.kind === '>') this.#isMalformed = true
    else {
      // Nothing but comments may follow the brackets.
      if (this.#angle !== undefined) this.#isMalformed = true
      this.#words.push(token)
      this.#hasAt ||= token.kind === '@'
      this.#comment = ''
    }
  }

  #takeInAngle(token: AddressToken): void {
    const angle = this.#angle ?? []
    const inRoute = this.#route === '' && angle[0]?.kind === '@'
    if (token.kind === '>') this.#inAngle = false
    else if (token.kind === ':' && inRoute) {
      this.#route = angle.map((each) => each.text).join('')
      this.#angle = []
    } else if ((token.kind === ',' || token.kind === ';') && !inRoute) {
      this.#isMalformed = true
      this.#inAngle = false
      this.#take(token)
    } else if (token.kind === '<') this.#isMalformed = true
    else angle.push(token)
  }

  #beginsGroup(): boolean {
    return !this.#inGroup && this.#angle === undefined && !this.#hasAt
  }

  #beginGroup(): void {
    this.#entries.push({ kind: 'group-start', displayName: phrase(this.#words) })
    this.#count += 1
    this.#inGroup = true
    this.#reset()
  }

  #endGroup(): void {
    this.#entries.push({ kind: 'group-end' })
    this.#inGroup = false
  }

  #endMailbox(): void {
    const found = this.#angle ?? this.#words
    if (this.#angle === undefined && this.#words.length === 0) {
      this.#reset()
      return
    }
    const name = this.#angle === undefined ? this.#comment : phrase(this.#words)
    const address = findAddress(found, this.#isMalformed || this.#inAngle)
    this.#entries.push(new ListedMailbox(name, this.#route, address))
    this.#count += 1
    this.#reset()
  }

  #reset(): void {
    this.#words = []
    this.#hasAt = false
    this.#angle = undefined
    this.#inAngle = false
    this.#route = ''
    this.#comment = ''
    this.#isMalformed = false
  }
}

function phrase(words: readonly AddressToken[]): string {
  let text = ''
  let last = -1
  for (const word of words) {
    // Signs that have no place in a phrase stand where they stood; words are one space apart, however they were folded.
    const isApart = word.start > last || (word.kind !== '@' && word.kind !== ':')
    text += (text === '' || !isApart ? '' : ' ') + word.text
    last = word.end
  }
  return text
}

/** Splits an addr-spec at its last `@`; quoted strings are one token, so none of theirs counts. */
function findAddress(tokens: readonly AddressToken[], wasMalformed: boolean): FoundAddress {
  const at = tokens.findLastIndex((token) => token.kind === '@')
  const local = joinWords(at === -1 ? tokens : tokens.slice(0, at))
  const domain = joinWords(at === -1 ? [] : tokens.slice(at + 1))
  const quotedDomain = at !== -1 && tokens.slice(at + 1).some((token) => token.kind === 'quoted')
  const isMalformed = wasMalformed || at === -1 || !local.isWhole || !domain.isWhole || quotedDomain
  return { localPart: local.text, domain: domain.text, isMalformed }
}

/** Joins words that dots hold together (RFC 5322 §4.4 lets white space and comments stand around them). */
function joinWords(tokens: readonly AddressToken[]): { text: string; isWhole: boolean } {
  let text = ''
  let isWhole = tokens.length > 0
  let previous: AddressToken | undefined
  for (const token of tokens) {
    if (token.kind !== 'atom' && token.kind !== 'quoted' && token.kind !== 'literal') isWhole = false
    if (previous !== undefined) {
      const dotted =
        (previous.kind === 'atom' && previous.text.endsWith('.')) ||
        (token.kind === 'atom' && token.text.startsWith('.'))
      if (!dotted) isWhole = false
      // Words that nothing holds together stay apart, or their sum would look like an address that nobody wrote.
      if (!dotted && token.start > previous.end) text += ' '
    }
    text += token.text
    previous = token
  }
  return { text, isWhole }
}
