/** An addr-spec within the text of a field. */
export interface AddressSpan {
  /** Where it begins in the text, without display name, brackets and comments, and where it ends. */
  readonly start: number
  readonly end: number
  /** Without quotes. */
  readonly localPart: string
  /** Undefined for a name without one. */
  readonly domain: string | undefined
}

interface Token {
  readonly kind: 'word' | 'literal' | 'comment' | '@' | '<' | '>' | ',' | ':' | ';'
  /** Without quotes. */
  readonly text: string
  readonly start: number
  readonly end: number
}

/** Addresses of one field: whoever writes more writes to a list. */
const mostAddresses = 1_000

/**
 * Finds the addresses of an address-list (RFC 5322 §3.4) as it was written, folds and all. What is not plainly one addr-spec
 * (comments or white space within, a source route, a second address in brackets) is passed over. Linear time.
 */
export function addressSpans(text: string): readonly AddressSpan[] {
  const spans: AddressSpan[] = []
  let outside: Token[] = []
  let inside: Token[] | undefined
  let state: 'before' | 'within' | 'behind' = 'before'
  let isOdd = false
  let inGroup = false
  let hasAt = false
  const finish = () => {
    const span = isOdd || state === 'within' ? undefined : spanOf(inside ?? outside)
    if (span !== undefined) spans.push(span)
    outside = []
    inside = undefined
    state = 'before'
    isOdd = false
    hasAt = false
  }
  for (const token of tokens(text)) {
    if (spans.length >= mostAddresses) break
    if (state === 'within') {
      if (token.kind === '>') state = 'behind'
      else inside?.push(token)
    } else if (token.kind === ',') finish()
    else if (token.kind === ';') {
      finish()
      inGroup = false
    } else if (token.kind === '<') {
      isOdd ||= inside !== undefined
      inside = []
      state = 'within'
    } else if (token.kind === ':' && !inGroup && inside === undefined && !hasAt) {
      inGroup = true
      outside = []
    } else if (token.kind !== 'comment') {
      // Nothing but comments may stand behind the brackets.
      isOdd ||= state === 'behind' || token.kind === '>' || token.kind === ':'
      hasAt ||= token.kind === '@'
      outside.push(token)
    }
  }
  finish()
  return spans
}

/** The tokens of one addr-spec, one behind the other without a gap: words, and a domain behind an `@`. */
function spanOf(all: readonly Token[]): AddressSpan | undefined {
  const [first] = all
  const last = all.at(-1)
  if (first === undefined || last === undefined) return undefined
  if (all.some((token, index) => index > 0 && token.start !== all[index - 1]?.end)) return undefined
  const at = all.findIndex(({ kind }) => kind === '@')
  const words = at === -1 ? all : all.slice(0, at)
  if (words.length === 0 || words.some(({ kind }) => kind !== 'word')) return undefined
  const localPart = words.map((word) => word.text).join('')
  const { start } = first
  const { end } = last
  if (at === -1) return words.length === 1 ? { start, end, localPart, domain: undefined } : undefined
  const domain = all[at + 1]
  const isPlain =
    domain !== undefined && all.length === at + 2 && (domain.kind === 'word' || domain.kind === 'literal')
  return isPlain ? { start, end, localPart, domain: domain.text } : undefined
}

const blank = /[ \t\r\n\0]*/y
const atom = /[^ \t\r\n\0()<>:;@,"]+/y
const quoted = /"((?:[^"\\]|\\[\s\S])*)"?/y
const literal = /\[[^\]\\]*\]?/y

function* tokens(text: string): Generator<Token> {
  let previous: Token['kind'] | undefined
  for (let at = skip(text, 0); at < text.length; at = skip(text, at)) {
    const token = tokenAt(text, at, previous === '@')
    previous = token.kind
    at = token.end
    yield token
  }
}

function skip(text: string, from: number): number {
  blank.lastIndex = from
  blank.exec(text)
  return blank.lastIndex
}

function tokenAt(text: string, start: number, afterAt: boolean): Token {
  const first = text.charAt(start)
  switch (first) {
    case '@':
    case '<':
    case '>':
    case ',':
    case ':':
    case ';':
      return { kind: first, text: first, start, end: start + 1 }
    case '(':
      return comment(text, start)
    case '"': {
      quoted.lastIndex = start
      const [whole = '"', inner = ''] = quoted.exec(text) ?? []
      return { kind: 'word', text: inner.replaceAll(/\\([\s\S])/g, '$1'), start, end: start + whole.length }
    }
    default: {
      const pattern = first === '[' && afterAt ? literal : atom
      pattern.lastIndex = start
      const [whole = first] = pattern.exec(text) ?? []
      return { kind: pattern === literal ? 'literal' : 'word', text: whole, start, end: start + whole.length }
    }
  }
}

/** RFC 5322 §3.2.2: comments nest. */
function comment(text: string, start: number): Token {
  let depth = 1
  let at = start + 1
  for (; at < text.length && depth > 0; at += 1) {
    const character = text[at]
    if (character === '\\') at += 1
    else if (character === '(') depth += 1
    else if (character === ')') depth -= 1
  }
  return { kind: 'comment', text: '', start, end: Math.min(at, text.length) }
}
