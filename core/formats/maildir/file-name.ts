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

/** The time of delivery that is in a file's name; the fallback's seconds where it is not. */
export function maildirDeliveryTime(base: string, fallbackSeconds: number): MaildirDeliveryTime {
  const [start = '', unique = ''] = base.split('.', 2)
  const seconds = /^\d{1,11}$/.test(start) ? Number(start) : fallbackSeconds
  return { seconds, microseconds: numberAfter(unique, 'M'), counter: numberAfter(unique, 'Q') }
}

/** Negative where `a` came first. */
export function compareMaildirDeliveryTimes(a: MaildirDeliveryTime, b: MaildirDeliveryTime): number {
  return a.seconds - b.seconds || a.microseconds - b.microseconds || a.counter - b.counter
}

function numberAfter(text: string, letter: 'M' | 'Q'): number {
  const digits = (letter === 'M' ? /M(\d{1,9})/ : /Q(\d{1,12})/).exec(text)
  return digits === null ? 0 : Number(digits[1])
}
