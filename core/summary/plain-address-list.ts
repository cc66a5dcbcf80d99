const [TAB, SPACE, QUOTE, COMMA, AT, LESS, GREATER, BACKSLASH] = [9, 32, 34, 44, 64, 60, 62, 92]

/** Whether a code below 128 is a character of plain words: printable, and none of the signs that structure a list. */
const isWordCharacter: readonly boolean[] = Array.from({ length: 128 }, (_, code) => {
  return code > SPACE && code < 127 && !'()<>[]:;@\\,"'.includes(String.fromCharCode(code))
})
// As texts with more are literals elsewhere.
const longest = 1_000

/**
 * The addresses of a list that has nothing but at most `limit` mailboxes in the usual forms (`Name <user@host>`,
 * `"Name" <user@host>`, `user@host`), as ENVELOPE has them. Undefined for any other list, which `parseAddressList` reads.
 */
export function plainAddressList(list: string, limit: number): string | undefined {
  let text = '('
  let at = 0
  for (let count = 0; count < limit; count += 1) {
    at = skipSpaces(list, at)
    const name = endOfName(list, at)
    if (name === -1 || name - at > longest) return undefined
    const isBare = name === at && list.charCodeAt(at) !== LESS
    const local = isBare ? at : skipSpaces(list, name) + 1
    if (!isBare && list.charCodeAt(local - 1) !== LESS) return undefined
    const localEnd = endOfWord(list, local)
    const domainEnd = endOfWord(list, localEnd + 1)
    const isAddress = list.charCodeAt(localEnd) === AT && localEnd > local && domainEnd > localEnd + 1
    if (!isAddress || domainEnd - local > longest) return undefined
    if (!isBare && list.charCodeAt(domainEnd) !== GREATER) return undefined
    text += `(${nameText(list, at, name)} NIL "${list.slice(local, localEnd)}" "${list.slice(localEnd + 1, domainEnd)}")`
    at = skipSpaces(list, isBare ? domainEnd : domainEnd + 1)
    if (at === list.length) return `${text})`
    if (list.charCodeAt(at) !== COMMA) return undefined
    at += 1
  }
  return undefined
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
  for (let at = start; ; ) {
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
}

function endOfQuoted(list: string, start: number): number {
  for (let at = start + 1; at < list.length; at += 1) {
    const code = list.charCodeAt(at)
    if (code === QUOTE) return at + 1
    if (code === BACKSLASH || code < SPACE || code > 126) return -1
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
