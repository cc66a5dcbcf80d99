const plain = /^[\x21-\x24\x26-\x7e]$/

/** A text as printable ASCII without spaces: everything else, and `%`, as %XX of its UTF-8 octets. */
export function encodePrintable(text: string): string {
  let encoded = ''
  for (const octet of Buffer.from(text)) {
    const character = String.fromCharCode(octet)
    encoded += plain.test(character) ? character : `%${octet.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return encoded
}

/** The text; undefined for what {@link encodePrintable} does not write. */
export function decodePrintable(encoded: string): string | undefined {
  const octets = encoded.replace(/%([0-9A-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  const text = Buffer.from(octets, 'latin1').toString('utf8')
  return encodePrintable(text) === encoded ? text : undefined
}
