/** A piece of an address list. Signs have their own kind; `text` is free of quotes, backslashes and parentheses. */
export interface AddressToken {
  readonly kind: 'atom' | 'quoted' | 'literal' | 'comment' | '@' | '<' | '>' | ',' | ':' | ';'
  readonly text: string
  readonly start: number
  readonly end: number
}

const space = /[^ \t\r\n\0]/g
// Dots belong to atoms here, and so does every character that RFC 5322 gives no place outside of quotes.
const afterAtom = /[ \t\r\n\0()<>:;@,"]/g
const backslash = /\\(.?)/gs

/**
 * The token that begins at or after `from`, undefined at the end. A domain literal is one only where `afterAt` says that
 * an `@` stood before. Each call looks at the characters of its token only, so that a list takes linear time.
 */
export function nextToken(text: string, from: number, afterAt: boolean): AddressToken | undefined {
  space.lastIndex = from
  const start = space.exec(text)?.index
  if (start === undefined) return undefined
  const first = text.charAt(start)
  switch (first) {
    case '@':
    case '<':
    case '>':
    case ',':
    case ':':
    case ';':
      return { kind: first, text: first, start, end: start + 1 }
    case '"':
      return enclosed('quoted', text, start, '"')
    case '(':
      return comment(text, start)
    case '[':
      return afterAt ? literal(text, start) : atom(text, start)
    default:
      return atom(text, start)
  }
}

function atom(text: string, start: number): AddressToken {
  // A closing parenthesis that nothing opened is taken as a character.
  afterAtom.lastIndex = start + 1
  const end = afterAtom.exec(text)?.index ?? text.length
  return { kind: 'atom', text: text.slice(start, end), start, end }
}

function literal(text: string, start: number): AddressToken {
  const token = enclosed('literal', text, start, ']')
  return { ...token, text: `[${token.text.replace(/[ \t]/g, '')}]` }
}

function enclosed(kind: 'quoted' | 'literal', text: string, start: number, close: string): AddressToken {
  let at = start + 1
  while (at < text.length && text[at] !== close) at += text[at] === '\\' ? 2 : 1
  return {
    kind,
    text: withoutBackslashes(text.slice(start + 1, at)),
    start,
    end: Math.min(at + 1, text.length),
  }
}

/** RFC 5322 §3.2.2: comments nest. */
function comment(text: string, start: number): AddressToken {
  let depth = 1
  let at = start + 1
  for (; at < text.length && depth > 0; at += 1) {
    const character = text[at]
    if (character === '\\') at += 1
    else if (character === '(') depth += 1
    else if (character === ')') depth -= 1
  }
  const end = Math.min(at, text.length)
  return {
    kind: 'comment',
    text: withoutBackslashes(text.slice(start + 1, depth === 0 ? end - 1 : end)).trim(),
    start,
    end,
  }
}

function withoutBackslashes(text: string): string {
  return text.includes('\\') ? text.replace(backslash, '$1') : text
}
