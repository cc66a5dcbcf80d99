import { imapString } from 'mailwright'

/** An octet string as string (RFC 9051 §4.3); see `imapString`. */
export { imapString as string } from 'mailwright'

/** Whether a code below 128 is an ASTRING-CHAR (RFC 9051 §9). */
const isAstringCharacter: readonly boolean[] = Array.from({ length: 128 }, (_, code) => {
  return code > 32 && code < 127 && !'(){%*"\\'.includes(String.fromCharCode(code))
})
// Longer ones are sent as literals; see `imapString`.
const longestAtom = 1_000

/** The same, without quotes where none are needed. */
export function astring(octets: string, utf8: boolean): string {
  return isAtom(octets) ? octets : imapString(octets, utf8)
}

function isAtom(octets: string): boolean {
  if (octets === '' || octets.length > longestAtom) return false
  for (let at = 0; at < octets.length; at += 1)
    if (isAstringCharacter[octets.charCodeAt(at)] !== true) return false
  // What reads like NIL is something else to clients.
  return octets.length !== 3 || octets.toUpperCase() !== 'NIL'
}

/** The same as `string`, NIL where there is nothing. */
export function nstring(octets: string | undefined, utf8: boolean): string {
  return octets === undefined ? 'NIL' : imapString(octets, utf8)
}

/** Numbers as a set (RFC 9051 §9): `1:3,7`. Those that follow each other are put together, in whatever order they come. */
export function numberSet(numbers: readonly number[]): string {
  let set = ''
  for (let index = 0; index < numbers.length; ) {
    const first = numbers[index] as number
    let last = first
    for (index += 1; numbers[index] === last + 1; index += 1) last += 1
    if (set !== '') set += ','
    set += first === last ? first : `${first}:${last}`
  }
  return set
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
// RFC 9051 §9: date-year has four digits.
const earliest = Date.parse('0000-01-01T00:00:00Z')
const latest = Date.parse('9999-12-31T23:59:59Z')

/** RFC 9051 §9 date-time, in UTC. A date beyond those that it can say is the nearest one, an invalid one the first. */
export function dateTimeText(date: Date): string {
  const instant = date.getTime()
  const at = instant >= earliest && instant <= latest ? date : new Date(instant > latest ? latest : earliest)
  const day = at.getUTCDate()
  const month = months[at.getUTCMonth()]
  const year = String(at.getUTCFullYear()).padStart(4, '0')
  const time = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`
  return `"${day < 10 ? ` ${day}` : day}-${month}-${year} ${time} +0000"`
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value)
}
