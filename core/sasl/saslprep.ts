// RFC 4013 §2.1: what is mapped to a space (RFC 3454 §C.1.2), and to nothing (RFC 3454 §B.1).
const otherSpaces = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/g
const nothing = /\u00ad|\u034f|\u1806|[\u180b-\u180d]|\u200c|\u200d|\u2060|[\ufe00-\ufe0f]|\ufeff/g

// RFC 4013 §2.3: RFC 3454 §C.2 (controls), C.3 (private use), C.4 (no characters), C.5 (surrogates), C.6 and C.7 (not for
// plain text), C.8 (change of display), C.9 (tags). Its C.1.2 has been mapped.
const prohibited = new RegExp(
  [
    '[\\u0000-\\u001f\\u007f-\\u009f\\u06dd\\u070f\\u180e\\u200e\\u200f\\u2028-\\u202e\\u2061-\\u2063\\u206a-\\u206f]',
    '[\\u{1d173}-\\u{1d17a}]',
    '[\\p{Co}\\p{Cs}\\p{Noncharacter_Code_Point}]',
    '[\\ufff9-\\ufffd\\u2ff0-\\u2ffb\\u0340\\u0341]',
    '[\\u{e0001}\\u{e0020}-\\u{e007f}]',
  ].join('|'),
  'u',
)

/**
 * The mapping and normalisation of RFC 4013 §2.1 and §2.2, without its prohibitions: for keys of secrets that have been
 * taken already.
 */
export function mapForSasl(text: string): string {
  return text.replace(otherSpaces, ' ').replace(nothing, '').normalize('NFKC')
}

/**
 * A name or a secret, prepared as a query string (RFC 4013 §2.5). Undefined where it holds what is prohibited, or
 * nothing. Left out is the test of bidirectional texts (RFC 4013 §2.4): it would refuse every address whose local part is
 * Hebrew or Arabic and whose domain is not.
 */
export function saslprep(text: string): string | undefined {
  const mapped = mapForSasl(text)
  return mapped === '' || prohibited.test(mapped) ? undefined : mapped
}
