// `includes` looks at each character of a text up to as often as the needle is long: so long is no harm.
const longestPrefix = 32

/** Answers whether a text holds a needle, in time linear in the length of the text, whatever both are. */
export function textFinder(needle: string): (text: string) => boolean {
  if (needle.length <= longestPrefix) return (text) => text.includes(needle)
  const prefix = needle.slice(0, longestPrefix)
  let borders: Int32Array | undefined
  return (text) => {
    const start = text.indexOf(prefix)
    if (start < 0) return false
    borders ??= bordersOf(needle)
    return holds(text, start, needle, borders)
  }
}

/** Knuth, Morris and Pratt: for each beginning of the needle how much of its end is a shorter beginning. */
function bordersOf(needle: string): Int32Array {
  const borders = new Int32Array(needle.length)
  let length = 0
  for (let at = 1; at < needle.length; at += 1) {
    length = extended(length, needle.charCodeAt(at), needle, borders)
    borders[at] = length
  }
  return borders
}

function holds(text: string, start: number, needle: string, borders: Int32Array): boolean {
  let length = 0
  for (let at = start; at < text.length; at += 1) {
    length = extended(length, text.charCodeAt(at), needle, borders)
    if (length === needle.length) return true
  }
  return false
}

/** How much of the needle's beginning stands before a character and with it, where so much stood before it. */
function extended(before: number, code: number, needle: string, borders: Int32Array): number {
  let length = before
  while (length > 0 && needle.charCodeAt(length) !== code) length = borders[length - 1] as number
  return needle.charCodeAt(length) === code ? length + 1 : length
}
