import { withoutComments } from './comments.ts'

const MAX_LENGTH = 1000
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const monthNames = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const dayNames = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
// RFC 5322 §4.3. Any other name, the military letters included, says nothing that can be relied on: UTC.
const zones: ReadonlyMap<string, number> = new Map([
  ['est', -300],
  ['edt', -240],
  ['cst', -360],
  ['cdt', -300],
  ['mst', -420],
  ['mdt', -360],
  ['pst', -480],
  ['pdt', -420],
])
const dateTime =
  /^ ?(?:[a-z]+ ?,? ?)?(\d{1,2})[ -]([a-z]{3})[a-z]*\.?[ -](\d{2,5}) (\d{1,2}) ?: ?(\d{2})(?: ?: ?(\d{1,2})(?:\.\d+)?)?(?: ?([+-]\d{4}|[a-z]+))?/

/**
 * Reads an RFC 5322 date-time: with or without day of the week and seconds, with comments, and the two-digit years and
 * zone names of §4.3. A missing, unknown or invalid zone counts as UTC. Undefined when it is no date that exists.
 */
export function parseDate(text: string): Date | undefined {
  if (text.length > MAX_LENGTH) return undefined
  const matched = dateTime.exec(withoutComments(text).replace(/\s+/g, ' ').toLowerCase())
  if (matched === null) return undefined
  const [, day, monthName = '', year = '', hour, minute, second = '0', zone = ''] = matched
  const month = months.indexOf(monthName)
  const fields = { day: Number(day), hour: Number(hour), minute: Number(minute), second: Number(second) }
  // RFC 5322 §3.3 allows the leap second.
  if (month === -1 || fields.hour > 23 || fields.minute > 59 || fields.second > 60) return undefined
  const local = dayOf(fullYear(year), month, fields.day)
  local.setUTCHours(fields.hour, fields.minute, fields.second)
  const lastDay = dayOf(fullYear(year), month + 1, 0).getUTCDate()
  if (fields.day < 1 || fields.day > lastDay) return undefined
  const date = new Date(local.getTime() - zoneMinutes(zone) * 60_000)
  return Number.isNaN(date.getTime()) ? undefined : date
}

/**
 * Writes a date-time as RFC 5322 §3.3 wants it: `Mon, 23 Nov 2026 10:00:00 +0000`, as the clock shows it at `offset`
 * minutes east of UTC. Throws RangeError for an invalid date.
 */
export function formatDate(date: Date, offset = 0): string {
  const local = new Date(date.getTime() + offset * 60_000)
  if (Number.isNaN(local.getTime())) throw new RangeError('not a date')
  const day = `${dayNames[local.getUTCDay()]}, ${local.getUTCDate()} ${monthNames[local.getUTCMonth()]}`
  const year = String(local.getUTCFullYear()).padStart(4, '0')
  const time = [local.getUTCHours(), local.getUTCMinutes(), local.getUTCSeconds()].map(twoDigits).join(':')
  const minutes = Math.abs(offset)
  const zone = `${offset < 0 ? '-' : '+'}${twoDigits(Math.floor(minutes / 60))}${twoDigits(minutes % 60)}`
  return `${day} ${year} ${time} ${zone}`
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}

// RFC 5322 §4.3: two digits are 1950 to 2049, three count from 1900.
function fullYear(digits: string): number {
  const year = Number(digits)
  if (digits.length === 2) return year < 50 ? year + 2000 : year + 1900
  return digits.length === 3 ? year + 1900 : year
}

/** The beginning of a day; `Date.UTC` would take a year below 100 for one of the last century. */
function dayOf(year: number, month: number, day: number): Date {
  const date = new Date(0)
  date.setUTCFullYear(year, month, day)
  return date
}

function zoneMinutes(zone: string): number {
  if (zone === '') return 0
  if (zone[0] !== '+' && zone[0] !== '-') return zones.get(zone) ?? 0
  // RFC 5322 §3.3: -9959 to +9959.
  if (Number(zone.slice(3)) > 59) return 0
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3))
  return zone[0] === '-' ? -minutes : minutes
}
