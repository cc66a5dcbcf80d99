/** The octets of a text in UTF-8, each a character: so texts are compared as octets, and take one octet a character. */
export function octetText(text: string): string {
  return Buffer.byteLength(text) === text.length ? text : Buffer.from(text).toString('latin1')
}

/** The same octet text, in octets of its own: a part of a text keeps the whole text in memory. */
export function ownText(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}
