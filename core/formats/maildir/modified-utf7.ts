const encoded = /&([A-Za-z0-9+,]*)-/g
const whole = /^(?:[\x20-\x25\x27-\x7e]|&[A-Za-z0-9+,]*-)*$/

/**
 * Writes a name in modified UTF-7 (RFC 3501 §5.1.3). The characters in `alsoEncode` are put into base64 as well, though
 * they are printable: Maildir++ needs that for the dot.
 */
export function encodeModifiedUtf7(text: string, alsoEncode = ''): string {
  let result = ''
  let run = ''
  const flush = (): void => {
    if (run !== '') result += `&${encodeRun(run)}-`
    run = ''
  }
  for (const unit of text.split('')) {
    const plain = unit >= ' ' && unit <= '~' && !alsoEncode.includes(unit)
    if (!plain) {
      run += unit
      continue
    }
    flush()
    result += unit === '&' ? '&-' : unit
  }
  flush()
  return result
}

/** Reads modified UTF-7. Undefined for what is not: other octets, an open `&`, odd base64, lone surrogates. */
export function decodeModifiedUtf7(text: string): string | undefined {
  if (!whole.test(text)) return undefined
  let broken = false
  const decoded = text.replace(encoded, (_, base64: string) => {
    if (base64 === '') return '&'
    const octets = Buffer.from(base64.replaceAll(',', '/'), 'base64')
    const units = octets.subarray(0, octets.length - (octets.length % 2))
    const run = Buffer.from(units).swap16().toString('utf16le')
    if (run === '' || encodeRun(run) !== base64) broken = true
    return run
  })
  return broken || !decoded.isWellFormed() ? undefined : decoded
}

function encodeRun(run: string): string {
  return Buffer.from(run, 'utf16le').swap16().toString('base64').replace(/=+$/, '').replaceAll('/', ',')
}
