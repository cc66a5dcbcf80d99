const [TAB, SPACE, QUOTE, COMMA, AT, LESS, GREATER, BACKSLASH] = [9, 32, 34, 44, 64, 60, 62, 92]

/** Whether a code below 128 is a character of plain words: printable, and none of the signs that structure a list. */
const isWordCharacter: readonly boolean[] = Array.from({ length: 128 }, (_, code) => {
  return code > SPACE && code < 127 && !'()<>[]:;@\\,"'.includes(String.fromCharCode(code))
})
// As texts with more are literals elsewhere.
const longest = 1_000

/** Addresses of a list, as ENVELOPE has them, and where in the list they end. */
export interface PlainAddresses {
  /** `(NIL NIL "user" "host")`, one behind the other; empty where there are none. */
  readonly text: string
  /** Where the first one begins that is not among them; the length of the list where all are. */
  readonly end: number
}

/**
 * The addresses with which a list begins, at most `limit`, as long as they are in the usual forms: `Name <user@host>`,
 * `"Name" <user@host>`, `user@host`. What follows them is for `parseAddressList`.
 */
export function plainAddresses(list: string, limit: number): PlainAddresses {
  let text = ''
  let start = 0
  for (let count = 0; count < limit; count += 1) {
    const at = skipSpaces(list, start)
    const name = endOfName(list, at)
    if (name === -1 || name - at > longest) break
    const isBare = name === at && list.charCodeAt(at) !== LESS
    const local = isBare ? at : skipSpaces(list, name) + 1
    if (!isBare && list.charCodeAt(local - 1) !== LESS) break
    const localEnd = endOfWord(list, local)
    const domainEnd = endOfWord(list, localEnd + 1)
    const isAddress = list.charCodeAt(localEnd) === AT && localEnd > local && domainEnd > localEnd + 1
    if (!isAddress || domainEnd - local > longest) break
    if (!isBare && list.charCodeAt(domainEnd) !== GREATER) break
    const end = skipSpaces(list, isBare ? domainEnd : domainEnd + 1)
    if (end < list.length && list.charCodeAt(end) !== COMMA) break
    const [user, host] = [list.slice(local, localEnd), list.slice(localEnd + 1, domainEnd)]
    text += `(${nameText(list, at, name)} NIL "${user}" "${host}")`
    if (end === list.length) return { text, end }
    start = end + 1
  }
  return { text, end: start }
}

function nameText(list: string, start: number, end: number): string {
  if (start === end) return 'NIL'
  if (list.charCodeAt(start) !== QUOTE) return `"${list.slice(start, end)}"`
  return end - start === 2 ? 'NIL' : list.slice(start, end)
}

/** Where the display name that begins here ends; here, where none does; -1 where it is no plain one. */
function endOfName(list: string, start: number): number {
  if (list.charCodeAt(start) === QUOTE) return endOfQuoted(list, start)
  let end = start
  for (let at = start; at - start <= longest; ) {
    const word = endOfWord(list, at)
    if (word === at) return end
    const next = list.charCodeAt(word)
    if (next === LESS) return word
    // A word before an @ is no name; a space that is not one alone is no plain name.
    if (next !== SPACE) return end === start && next === AT ? start : -1
    end = word
    at = word + 1
    if (list.charCodeAt(at) === LESS) return end
  }
  return -1
}

function endOfQuoted(list: string, start: number): number {
  for (let at = start + 1; at - start < longest; at += 1) {
    const code = list.charCodeAt(at)
    if (code === QUOTE) return at + 1
    if (code === BACKSLASH || !(code >= SPACE && code < 127)) return -1
  }
  return -1
}

function endOfWord(list: string, start: number): number {
  let at = start
  while (isWordCharacter[list.charCodeAt(at)] === true) at += 1
  return at
}

function skipSpaces(list: string, start: number): number {
  let at = start
  while (list.charCodeAt(at) === SPACE || list.charCodeAt(at) === TAB) at += 1
  return at
}
