/** The line that begins a message in an mbox file (RFC 4155 §A). */
export interface Postmark {
  /** Who sent the message, as it stands there; `MAILER-DAEMON` for mail without a sender. */
  readonly sender: string
  /** When it was delivered. Undefined where no date could be read. */
  readonly date?: Date
}

const months: readonly string[] = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ')
const monthNames: readonly string[] = months.map((name) => name.charAt(0).toUpperCase() + name.slice(1))
const dayNames: readonly string[] = 'Sun Mon Tue Wed Thu Fri Sat'.split(' ')
const longestSender = 512
const nobody = 'MAILER-DAEMON'

// `Fri Nov 28 21:53:22 2026`, with or without weekday, seconds and time zone, or `28 Nov 2026 21:53:22 +0100`.
const dateForm = new RegExp(
  `(?:^|\\s)(?:(?:sun|mon|tue|wed|thu|fri|sat)[a-z]{0,6},?\\s+)?` +
    `(?:(${months.join('|')})[a-z]{0,6}\\s+(\\d{1,2})|(\\d{1,2})\\s+(${months.join('|')})[a-z]{0,6}\\s+(\\d{4}))` +
    `\\s+(\\d{1,2}):(\\d{2})(?::(\\d{2}))?(?:\\s+([a-z]{1,5}|[-+]\\d{4}))?(?:\\s+(\\d{4}))?(?:\\s+([-+]\\d{4}))?(?=\\s|$)`,
  'gi',
)

/**
 * A postmark line without its line end: `From sender Fri Nov 28 21:53:22 2026`. The date is in local time, as all
 * delivery agents write it. What cannot stand in a sender's place is left out.
 */
export function postmark(sender: string, date: Date): string {
  const address = sender.replace(/[^\x21-\x7e\x80-\u{10ffff}]/gu, '').slice(0, longestSender)
  const two = (value: number): string => String(value).padStart(2, '0')
  const day = `${dayNames[date.getDay()]} ${monthNames[date.getMonth()]} ${String(date.getDate()).padStart(2)}`
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
  const year = String(date.getFullYear()).padStart(4, '0')
  return `From ${address === '' ? nobody : address} ${day} ${time} ${year}`
}

/**
 * Reads a line that begins with `From `; undefined where it does not, or where it holds no date: then it is text. A date
 * without a time zone is local time.
 */
export function parsePostmark(line: string): Postmark | undefined {
  if (!line.startsWith('From ')) return undefined
  const text = line.slice(5)
  const match = [...text.matchAll(dateForm)].at(-1)
  if (match === undefined || yearOf(match) === undefined) return undefined
  const date = dateOf(match)
  const sender = text.slice(0, match.index).trim()
  return { sender: sender === '' ? nobody : sender, ...(date === undefined ? {} : { date }) }
}

function dateOf(match: RegExpExecArray): Date | undefined {
  const [, month1, day1, day2, month2, , hour, minute, second = '0', zone1, , zone2] = match
  const month = months.indexOf((month1 ?? month2 ?? '').toLowerCase())
  const [year, day] = [Number(yearOf(match)), Number(day1 ?? day2)]
  const numbers = [year, month, day, Number(hour), Number(minute), Math.min(59, Number(second))] as const
  const date = new Date(2000, 0, 1)
  date.setFullYear(year, month, day)
  date.setHours(numbers[3], numbers[4], numbers[5], 0)
  if (date.getMonth() !== month || date.getDate() !== day || numbers[3] > 23 || numbers[4] > 59)
    return undefined
  const offset = zoneOffset(zone2 ?? zone1)
  return offset === undefined ? date : new Date(Date.UTC(...numbers) - offset * 60_000)
}

function yearOf(match: RegExpExecArray): string | undefined {
  return match[5] ?? match[10]
}

/** Minutes east of UTC; undefined for local time, which names of zones other than UTC stand for. */
function zoneOffset(zone: string | undefined): number | undefined {
  const match = /^([-+])(\d{2})(\d{2})$/.exec(zone ?? '')
  if (match === null) return /^(?:utc|gmt|ut|z)$/i.test(zone ?? '') ? 0 : undefined
  const minutes = Number(match[2]) * 60 + Number(match[3])
  return match[1] === '-' ? -minutes : minutes
}
