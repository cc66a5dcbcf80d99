/** A message's file name in `new` or `cur`, taken apart: `<base>:2,<letters><rest>`. */
export interface MaildirFileName {
  /** What stays when flags change: the message's name in its mailbox. */
  readonly base: string
  /** Flag letters, as they stand. */
  readonly letters: string
  /** What some programs put behind the letters, from the comma on; kept. */
  readonly rest: string
}

/**
 * Takes a file name apart. Undefined for what is no message: dot files, names without a base, and those that were not
 * valid UTF-8. Octets may also be given as characters, one each (latin1).
 */
export function parseMaildirFileName(name: string): MaildirFileName | undefined {
  if (name.startsWith('.') || name.includes('\ufffd')) return undefined
  const colon = name.indexOf(':')
  if (colon === 0 || name === '') return undefined
  if (colon < 0) return { base: name, letters: '', rest: '' }
  const base = name.slice(0, colon)
  const info = name.slice(colon + 1)
  if (!info.startsWith('2,')) return { base, letters: '', rest: '' }
  const comma = info.indexOf(',', 2)
  return comma < 0
    ? { base, letters: info.slice(2), rest: '' }
    : { base, letters: info.slice(2, comma), rest: info.slice(comma) }
}

/** The name in `cur`. */
export function formatMaildirFileName({ base, letters, rest }: MaildirFileName): string {
  return `${base}:2,${letters}${rest}`
}

/** Octets with CRLF line ends where the name says so: `,W=` as Dovecot and we write it. */
export function sizeInMaildirFileName(base: string): number | undefined {
  const match = /,W=(\d{1,15})(?=,|$)/.exec(base)
  return match === null ? undefined : Number(match[1])
}

/** What to sort messages by for the order of their delivery: seconds since 1970, microseconds, counter. */
export interface MaildirDeliveryTime {
  readonly seconds: number
  readonly microseconds: number
  readonly counter: number
}

/**
 * The time of delivery that is in a file's name; the fallback's seconds where it is not. Without regular expressions: it is
 * asked of all messages of a mailbox that is taken over, in code that nobody has run before.
 */
export function maildirDeliveryTime(base: string, fallbackSeconds: number): MaildirDeliveryTime {
  const dot = base.indexOf('.')
  const first = dot < 0 ? base.length : dot
  const next = base.indexOf('.', first + 1)
  const last = next < 0 ? base.length : next
  const isTime = first > 0 && first <= 11 && afterDigits(base, 0, first) === first
  return {
    seconds: isTime ? Number(base.slice(0, first)) : fallbackSeconds,
    microseconds: numberAfter(base, 'M', first + 1, last, 9),
    counter: numberAfter(base, 'Q', first + 1, last, 12),
  }
}

/** Negative where `a` came first. */
export function compareMaildirDeliveryTimes(a: MaildirDeliveryTime, b: MaildirDeliveryTime): number {
  return a.seconds - b.seconds || a.microseconds - b.microseconds || a.counter - b.counter
}

/** The number of at most so many digits behind the first such letter that has one, between two places; 0 where there is none. */
function numberAfter(text: string, letter: string, from: number, to: number, most: number): number {
  for (let at = text.indexOf(letter, from); at >= 0 && at < to; at = text.indexOf(letter, at + 1)) {
    const end = afterDigits(text, at + 1, Math.min(to, at + 1 + most))
    if (end > at + 1) return Number(text.slice(at + 1, end))
  }
  return 0
}

/** The place of the first character that is no digit, or `to`. */
function afterDigits(text: string, from: number, to: number): number {
  let at = from
  while (at < to && isDigit(text.charCodeAt(at))) at += 1
  return at
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}
