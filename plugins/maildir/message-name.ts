/** A file name in `new` or `cur`, taken apart: `<base>:2,<letters><rest>`. */
export interface MessageName {
  /** What stays when flags change: the message's name in its mailbox. */
  readonly base: string
  /** Flag letters, as they stand. */
  readonly letters: string
  /** What some programs put behind the letters, from the comma on; kept. */
  readonly rest: string
}

/** Takes a file name apart. Undefined for what is no message: dot files, and names that are not valid UTF-8. */
export function parseFileName(name: string): MessageName | undefined {
  if (name.startsWith('.') || name.includes('\ufffd')) return undefined
  const colon = name.indexOf(':')
  if (colon === 0) return undefined
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
export function formatFileName({ base, letters, rest }: MessageName): string {
  return `${base}:2,${letters}${rest}`
}

/** Octets with CRLF line ends where the name says so: `,W=` as Dovecot and we write it. */
export function sizeInName(base: string): number | undefined {
  const match = /,W=(\d{1,15})(?=,|$)/.exec(base)
  return match === null ? undefined : Number(match[1])
}

/** What to sort by for the order of delivery: seconds, microseconds, counter. */
export interface DeliveryTime {
  readonly seconds: number
  readonly microseconds: number
  readonly counter: number
}

/** The time of delivery that is in the name; the fallback's seconds where it is not. */
export function deliveryTime(base: string, fallbackSeconds: number): DeliveryTime {
  const [start = '', unique = ''] = base.split('.', 2)
  const seconds = /^\d{1,11}$/.test(start) ? Number(start) : fallbackSeconds
  return { seconds, microseconds: numberAfter(unique, 'M'), counter: numberAfter(unique, 'Q') }
}

/** Negative where `a` came first. */
export function compareDeliveryTimes(a: DeliveryTime, b: DeliveryTime): number {
  return a.seconds - b.seconds || a.microseconds - b.microseconds || a.counter - b.counter
}

function numberAfter(text: string, letter: 'M' | 'Q'): number {
  const digits = (letter === 'M' ? /M(\d{1,9})/ : /Q(\d{1,12})/).exec(text)
  return digits === null ? 0 : Number(digits[1])
}

/** A name for lists, logs and POP3's UIDL: printable ASCII without spaces. Different bases have different ones. */
export function printableName(base: string): string {
  return base.replace(/[^\x21-\x24\x26-\x7e]/gu, (character) => encodeURIComponent(character))
}

/** The base that {@link printableName} made printable; undefined where it cannot be one. */
export function baseOfPrintable(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
