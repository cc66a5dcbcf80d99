import { type AddressToken, nextToken } from './address-token.ts'

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

/** Addresses of one field: whoever writes more writes to a list. */
const mostAddresses = 1_000

/**
 * Finds the addresses of an address-list (RFC 5322 §3.4) as it was written, folds and all. What is not plainly one addr-spec
 * (comments or white space within, a source route, a second address in brackets) is passed over. Linear time.
 */
export function addressSpans(text: string): readonly AddressSpan[] {
  const spans: AddressSpan[] = []
  let outside: AddressToken[] = []
  let inside: AddressToken[] | undefined
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
function spanOf(all: readonly AddressToken[]): AddressSpan | undefined {
  const [first] = all
  const last = all.at(-1)
  if (first === undefined || last === undefined) return undefined
  if (all.some((token, index) => index > 0 && token.start !== all[index - 1]?.end)) return undefined
  const at = all.findIndex(({ kind }) => kind === '@')
  const words = at === -1 ? all : all.slice(0, at)
  if (words.length === 0 || !words.every(isWord)) return undefined
  const localPart = words.map((word) => word.text).join('')
  const { start } = first
  const { end } = last
  if (at === -1) return words.length === 1 ? { start, end, localPart, domain: undefined } : undefined
  const domain = all[at + 1]
  const isPlain =
    domain !== undefined && all.length === at + 2 && (domain.kind === 'atom' || domain.kind === 'literal')
  return isPlain ? { start, end, localPart, domain: domain.text } : undefined
}

function* tokens(text: string): Generator<AddressToken> {
  let previous: AddressToken | undefined
  for (;;) {
    const token = nextToken(text, previous?.end ?? 0, previous?.kind === '@')
    if (token === undefined) return
    yield token
    previous = token
  }
}

function isWord({ kind }: AddressToken): boolean {
  return kind === 'atom' || kind === 'quoted'
}
