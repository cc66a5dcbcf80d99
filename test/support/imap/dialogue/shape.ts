// Responses that mean the same may be written in many ways: items in any order, items more than were asked for. Both the
// text of a dialogue and the server's are brought into one shape before they are compared.

/** A response, taken apart as far as its order means nothing. */
export interface Shape {
  /** What must be the same. */
  readonly head: string
  /** Words of which the server may say more than the dialogue; undefined where there are none. */
  readonly words?: readonly string[]
  /** Values by name. */
  readonly items?: ReadonlyMap<string, string>
  /** What stands behind the words, and must be the same. */
  readonly tail?: string
  /** Names that may be there without the dialogue saying so. */
  readonly mayHave?: readonly string[]
}

/** Brings a response into its shape. Octets as latin1 text, without the last CRLF. */
export function shapeOf(response: string): Shape {
  // A name that needs no quotes may have them.
  const text = withQuotes(response).replace(
    /^(\* (?:STATUS |(?:LIST|LSUB) \([^)]*\) \S+ ))"([\w./&-]{2,})"/is,
    '$1$2',
  )
  const status =
    /^(\* (?:OK|NO|BAD|BYE|PREAUTH)|[^\s*+]+ (?:OK|NO|BAD|[\uE000-\uF8FF]))(?: (\[[^\]]*\]))?(?: (.*))?$/is.exec(
      text,
    )
  if (status !== null) return statusShape(status)
  const withItems = /^(\* (?:\d+|[\uE000-\uF8FF]) (?:UID)?FETCH |\* STATUS [^(]*|\* ESEARCH )(.*)$/is.exec(
    text,
  )
  if (withItems !== null) return itemsShape(withItems[1] ?? '', withItems[2] ?? '')
  const list = /^(\* (?:LIST|LSUB) )\(([^)]*)\)(.*)$/is.exec(text)
  if (list !== null)
    return {
      head: list[1] ?? '',
      words: wordsIn(list[2]),
      tail: list[3] ?? '',
      mayHave: ['\\HASCHILDREN', '\\HASNOCHILDREN', '\\MARKED', '\\UNMARKED', '\\SUBSCRIBED'],
    }
  const plain = /^(\* (?:CAPABILITY|FLAGS|SEARCH|ENABLED)\b)(.*)$/is.exec(text)
  if (plain === null) return { head: text }
  return {
    head: plain[1] ?? '',
    words: wordsIn(plain[2]),
    mayHave: /CAPABILITY$/i.test(plain[1] ?? '') ? ['*'] : [],
  }
}

/** The response with every literal that might have been in quotes so. */
function withQuotes(response: string): string {
  let text = ''
  let at = 0
  for (const match of response.matchAll(/(?<!~)\{(\d+)\}\r\n/g)) {
    if (match.index < at) continue
    const start = match.index + match[0].length
    const octets = response.slice(start, start + Number(match[1]))
    if (/[\r\n\0\x80-\xff]/.test(octets)) continue
    text += `${response.slice(at, match.index)}"${octets.replaceAll(/["\\]/g, '\\$&')}"`
    at = start + octets.length
  }
  return text + response.slice(at)
}

/** A status response: code and text count only where the dialogue has them. */
function statusShape([, head = '', code, text]: RegExpExecArray): Shape {
  const items = new Map<string, string>()
  if (code !== undefined) items.set('code', sortedFlags(code))
  if (text !== undefined && text !== '') items.set('text', text)
  return { head, items, mayHave: ['code', 'text'] }
}

function itemsShape(head: string, rest: string): Shape {
  const isSearch = /ESEARCH/i.test(head)
  const correlator = isSearch ? (/^\([^)]*\)(?: UID)?/i.exec(rest)?.[0] ?? '') : ''
  const body = isSearch ? rest.slice(correlator.length) : rest.replace(/^\(/, '').replace(/\)$/, '')
  return {
    head: `${head}${correlator}`.trimEnd(),
    items: pairs(tokens(body)),
    mayHave: /FETCH/i.test(head)
      ? ['UID', 'MODSEQ', 'FLAGS']
      : isSearch
        ? []
        : ['UIDVALIDITY', 'UNSEEN', 'HIGHESTMODSEQ'],
  }
}

/** Names and values by turns. */
function pairs(found: readonly string[]): ReadonlyMap<string, string> {
  const items = new Map<string, string>()
  for (let at = 0; at < found.length; at += 2) {
    const name = (found[at] ?? '').toUpperCase().replaceAll('"', '')
    items.set(name, name === 'FLAGS' ? sortedFlags(found[at + 1] ?? '') : (found[at + 1] ?? ''))
  }
  return items
}

function wordsIn(text = ''): readonly string[] {
  return text
    .replaceAll(/[()]/g, ' ')
    .split(' ')
    .filter(Boolean)
    .map((word) => word.toUpperCase())
}

/** Flags in one order, without \Recent, which no dialogue can foresee. */
function sortedFlags(text: string): string {
  return text.replace(/\(([^()]*)\)/, (_, flags: string) => {
    const words = flags.split(' ').filter((flag) => flag !== '' && flag.toUpperCase() !== '\\RECENT')
    return `(${words.toSorted().join(' ')})`
  })
}

/** Cuts text at spaces outside of parentheses, brackets, quotes and literals. */
export function tokens(text: string): string[] {
  const found: string[] = []
  let at = 0
  while (at < text.length) {
    const end = tokenEnd(text, at)
    found.push(text.slice(at, end))
    at = end + 1
  }
  return found.filter(Boolean)
}

function tokenEnd(text: string, start: number): number {
  let depth = 0
  for (let at = start; at < text.length; ) {
    const character = text.charAt(at)
    if (character === ' ' && depth === 0) return at
    if (character === '(' || character === '[') depth++
    if (character === ')' || character === ']') depth--
    if (character === '"') at = quotedEnd(text, at)
    else if (character === '{') at = literalEnd(text, at)
    else at++
  }
  return text.length
}

function quotedEnd(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '"') return at + 1
  }
  return text.length
}

function literalEnd(text: string, start: number): number {
  const match = /^\{(\d+)\}\r\n/.exec(text.slice(start, start + 24))
  return match === null ? start + 1 : start + match[0].length + Number(match[1])
}
