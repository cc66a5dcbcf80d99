const encoded = /&([A-Za-z0-9+,]*)-/g
const whole = /^(?:[\x20-\x25\x27-\x7e]|&[A-Za-z0-9+,]*-)*$/

/**
 * Reads one level of a mailbox's name as it stands in the name of a directory: modified UTF-7 (RFC 3501 §5.1.3). What
 * is not, is taken as it stands, for newer servers and many clients write UTF-8.
 */
export function decodeMaildirLevel(text: string): string {
  if (!whole.test(text)) return text
  let broken = false
  const decoded = text.replace(encoded, (_, base64: string) => {
    if (base64 === '') return '&'
    const octets = Buffer.from(base64.replaceAll(',', '/'), 'base64')
    const run = Buffer.from(octets.subarray(0, octets.length & ~1))
      .swap16()
      .toString('utf16le')
    if (run === '' || encodeRun(run) !== base64) broken = true
    return run
  })
  return broken || !decoded.isWellFormed() ? text : decoded
}

/** The levels in the name of a Maildir++ directory: `.Work.Bills`. Undefined for names that are no mailbox's. */
export function parseMaildirDirectory(name: string): readonly string[] | undefined {
  const levels = name.slice(1).split('.')
  return name.startsWith('.') && !levels.includes('') ? levels.map(decodeMaildirLevel) : undefined
}

/** The Maildir++ directory of a mailbox. Dots and slashes within a level are put into base64 too. */
export function formatMaildirDirectory(levels: readonly string[]): string {
  return levels.map((level) => `.${encodeLevel(level, './')}`).join('')
}

/** A mailbox's name in a list of subscriptions. */
export function encodeMaildirLevel(level: string): string {
  return encodeLevel(level, './')
}

function encodeLevel(level: string, alsoEncode: string): string {
  let result = ''
  let run = ''
  const flush = (): void => {
    if (run !== '') result += `&${encodeRun(run)}-`
    run = ''
  }
  for (const unit of level.split('')) {
    if (unit < ' ' || unit > '~' || alsoEncode.includes(unit)) {
      run += unit
      continue
    }
    flush()
    result += unit === '&' ? '&-' : unit
  }
  flush()
  return result
}

function encodeRun(run: string): string {
  return Buffer.from(run, 'utf16le').swap16().toString('base64').replace(/=+$/, '').replaceAll('/', ',')
}
