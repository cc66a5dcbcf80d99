const astringForm = /^[^\x00-\x20\x7f-\xff(){%*"\\]+$/
const needsLiteral = /[\r\n]/
const beyondAscii = /[^\x00-\x7f]/
const longestQuoted = 1_000

/** An octet string as string (RFC 9051 §4.3): quoted where it can be. NUL becomes a space. */
export function string(octets: string, utf8: boolean): string {
  const text = octets.includes('\0') ? octets.replaceAll('\0', ' ') : octets
  if (text.length > longestQuoted || needsLiteral.test(text) || (!utf8 && beyondAscii.test(text)))
    return `{${text.length}}\r\n${text}`
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}

/** The same, without quotes where none are needed. */
export function astring(octets: string, utf8: boolean): string {
  return astringForm.test(octets) && octets.toUpperCase() !== 'NIL' ? octets : string(octets, utf8)
}

/** The same as `string`, NIL where there is nothing. */
export function nstring(octets: string | undefined, utf8: boolean): string {
  return octets === undefined ? 'NIL' : string(octets, utf8)
}

/** Numbers as a set: `1:3,7`. Those that follow each other are put together, in whatever order they come. */
export function numberSet(numbers: readonly number[]): string {
  const ranges: string[] = []
  for (let index = 0; index < numbers.length; ) {
    const first = numbers[index] as number
    let last = first
    index += 1
    while (numbers[index] === last + 1) {
      last += 1
      index += 1
    }
    ranges.push(first === last ? String(first) : `${first}:${last}`)
  }
  return ranges.join(',')
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** RFC 9051 §9 date-time, in UTC. */
export function dateTimeText(date: Date): string {
  const two = (value: number): string => (value < 10 ? `0${value}` : String(value))
  const day = date.getUTCDate()
  const month = months[date.getUTCMonth()]
  const year = String(date.getUTCFullYear()).padStart(4, '0')
  const time = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`
  return `"${day < 10 ? ` ${day}` : day}-${month}-${year} ${time} +0000"`
}
