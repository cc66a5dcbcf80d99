import { type Address, formatAddress, formatUnicodeAddress, needsSmtpUtf8 } from 'mailwright'
import { asciiText, isAsciiText, plainText } from './plain-text.ts'

// RFC 3461 §4.2: an ORCPT has at most 500 characters.
const longest = 600
const typed = /^([a-z0-9-]{1,40});(.*)$/is
const embedded = /\\x\{([0-9A-F]{2,6})\}/gi
// RFC 6533 §3: what stands for itself in utf-8-addr-xtext, and what does not in utf-8-addr-unitext.
const notQchar = /[^\x21-\x2a\x2c-\x3c\x3e-\x5b\x5d-\x7e]/gu
const notQuchar = /[\x00-\x20+=\\\x7f]/gu

/** An address with its type, as the fields of a report have it (RFC 3464 §2.1.2, RFC 6533 §3). */
export function typedAddress(address: Address, isGlobal: boolean): string {
  if (!needsSmtpUtf8(address)) return `rfc822; ${plainText(formatAddress(address), longest)}`
  const written = plainText(formatUnicodeAddress(address), longest)
  return `utf-8; ${isGlobal ? written : xtext(written)}`
}

/** What the sender called the recipient (ORCPT, decoded), in the form that the kind of report allows. */
export function typedOriginal(originalRecipient: string, isGlobal: boolean): string {
  const [, type = 'unknown', written = originalRecipient] = typed.exec(originalRecipient) ?? []
  const isUtf8 = type.toLowerCase() === 'utf-8' || !isAsciiText(written)
  if (!isUtf8) return `${type}; ${asciiText(plainText(written, longest))}`
  const address = plainText(decoded(written), longest)
  return `utf-8; ${isGlobal ? unitext(address) : xtext(address)}`
}

/** Whether the address that the sender gave is beyond ASCII. */
export function isInternational(originalRecipient: string): boolean {
  return /^utf-8;/i.test(originalRecipient) || !isAsciiText(originalRecipient)
}

function decoded(written: string): string {
  return written.replaceAll(embedded, (whole, digits: string) => {
    const code = Number.parseInt(digits, 16)
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
}

function xtext(text: string): string {
  return text.replaceAll(notQchar, embed)
}

function unitext(text: string): string {
  return text.replaceAll(notQuchar, embed)
}

function embed(character: string): string {
  const digits = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(2, '0')
  return `\\x{${digits}}`
}
