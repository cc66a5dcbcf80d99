import { isAscii } from 'node:buffer'
import { xtext } from './xtext.ts'

// RFC 3461 §4.2: with its type.
const longest = 500
const embedded = /\\x\{([0-9A-F]{2,6})\}/gi
// RFC 3461 §4.2: the type is an atom, and nothing encodes it.
const atom = /^[\w!#$%&'*+/=?^`{|}~-]+$/
// RFC 6533 §3: what does not stand for itself in utf-8-addr-unitext, and in utf-8-addr-xtext.
const notQuchar = /[\x00-\x20+=\\\x7f]/gu
const notQchar = /[^\x21-\x2a\x2c-\x3c\x3e-\x5b\x5d-\x7e]/gu

/**
 * The parameter ORCPT for what the sender called a recipient, such as `rfc822;jo@example.org`. An address beyond ASCII has the type `utf-8`;
 * it is said as it is where the transaction has SMTPUTF8, and in ASCII elsewhere (RFC 6533 §3). Undefined for one
 * that would be too long, or without a type.
 */
export function originalRecipientWord(original: string, hasSmtpUtf8: boolean): string | undefined {
  const end = original.indexOf(';') + 1
  const type = original.slice(0, end)
  const address = original.slice(end)
  if (!atom.test(type.slice(0, -1))) return undefined
  const isUnicode = type.toLowerCase() === 'utf-8;' || !isAscii(Buffer.from(original))
  const said = isUnicode
    ? `utf-8;${decoded(address).replaceAll(hasSmtpUtf8 ? notQuchar : notQchar, embed)}`
    : `${type}${xtext(address)}`
  return Buffer.byteLength(said) > longest ? undefined : `ORCPT=${said}`
}

function decoded(address: string): string {
  return address.replaceAll(embedded, (whole, digits: string) => {
    const code = Number.parseInt(digits, 16)
    const isCharacter = code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff)
    return isCharacter ? String.fromCodePoint(code) : whole
  })
}

function embed(character: string): string {
  const code = character.codePointAt(0) ?? 0
  return `\\x{${code.toString(16).toUpperCase().padStart(2, '0')}}`
}
