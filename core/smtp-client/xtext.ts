/** A text as a parameter of ESMTP has it: octets of UTF-8 that are no printable ASCII, `+` and `=` are `+` and two digits (RFC 3461 §4). */
export function xtext(text: string): string {
  return Array.from(Buffer.from(text), (octet) => {
    const character = String.fromCharCode(octet)
    return /[!-*,-<>-~]/.test(character) ? character : `+${octet.toString(16).toUpperCase().padStart(2, '0')}`
  }).join('')
}
