// RFC 9051 §9: an atom, without what would be a flag of the system.
const atom = /^[\x21\x23\x24\x26\x27\x2b-\x5b\x5e-\x7a\x7c-\x7e]{1,255}$/

/** Whether IMAP can name a message's keyword so. */
export function isKeyword(name: string): boolean {
  return atom.test(name)
}
