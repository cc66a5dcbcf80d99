import { type AddressToken, nextToken } from '../../model/address/address-token.ts'

/**
 * A list of recipients with a comma wherever one address ends and another begins, as Postfix reads it: `a@x.example b@x.example` are two.
 * Words in front of `<` are a name.
 */
export function withCommas(text: string): string {
  const pieces: string[] = []
  let end = 0
  for (const start of unmarkedStarts(text)) {
    pieces.push(text.slice(end, start))
    end = start
  }
  return [...pieces, text.slice(end)].join(',')
}

/** Where addresses begin with nothing but white space or a `>` before them. */
function* unmarkedStarts(text: string): Generator<number> {
  /** What could yet be the name in front of a `<`. */
  let words: AddressToken[] = []
  let state: 'before' | 'within' | 'behind' = 'before'
  for (const token of tokens(text)) {
    const { kind, start } = token
    if (state === 'within') {
      if (kind === '>') state = 'behind'
    } else if (kind === ',' || kind === ';' || kind === ':') {
      // In front of a colon stands the name of a group.
      if (kind !== ':') yield* laterAddresses(words)
      words = []
      state = 'before'
    } else {
      if (state === 'behind') yield start
      state = kind === '<' ? 'within' : 'before'
      if (kind === '<') words = []
      else words.push(token)
    }
  }
  yield* laterAddresses(words)
}

/** Where addresses begin among words without brackets, but for the first one. */
function laterAddresses(words: readonly AddressToken[]): readonly number[] {
  return words.flatMap((word, at) => {
    const before = words[at - 1]
    return before !== undefined && isApart(before, word) ? [word.start] : []
  })
}

/** Dots and the `@` hold words together, also with white space around them (RFC 5322 §4.4). */
function isApart(before: AddressToken, word: AddressToken): boolean {
  if (before.kind === '@' || word.kind === '@' || word.start === before.end) return false
  const isDotted =
    (before.kind === 'atom' && before.text.endsWith('.')) ||
    (word.kind === 'atom' && word.text.startsWith('.'))
  return !isDotted
}

function* tokens(text: string): Generator<AddressToken> {
  let afterAt = false
  for (let at = 0; ; ) {
    const token = nextToken(text, at, afterAt)
    if (token === undefined) return
    if (token.kind !== 'comment') {
      afterAt = token.kind === '@'
      yield token
    }
    at = token.end
  }
}
