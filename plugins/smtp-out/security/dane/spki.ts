/** A DER value: where its content begins, and where the next one does. */
interface Value {
  readonly tag: number
  readonly content: number
  readonly end: number
}

const sequence = 0x30
const version = 0xa0

/**
 * The SubjectPublicKeyInfo of a certificate, octet for octet as it is there (RFC 6698 §1.2): what Node makes of a key and writes again may
 * be encoded in another way. Undefined for what is no certificate.
 */
export function subjectPublicKeyInfo(certificate: Buffer): Buffer | undefined {
  const whole = valueAt(certificate, 0)
  const signed = whole?.tag === sequence ? valueAt(certificate, whole.content) : undefined
  if (signed?.tag !== sequence) return undefined
  let at = signed.content
  // RFC 5280 §4.1: version (may be absent), serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo.
  const first = valueAt(certificate, at)
  if (first?.tag === version) at = first.end
  for (let passed = 0; passed < 5; passed++) {
    const value = valueAt(certificate, at)
    if (value === undefined) return undefined
    at = value.end
  }
  const key = valueAt(certificate, at)
  if (key?.tag !== sequence || key.end > signed.end) return undefined
  return certificate.subarray(at, key.end)
}

function valueAt(octets: Buffer, at: number): Value | undefined {
  const [tag, length] = [octets[at], octets[at + 1]]
  if (tag === undefined || length === undefined) return undefined
  // Lengths of up to 127 octets are themselves; others are in as many octets as they say, of which 3 are plenty.
  const more = length < 0x80 ? 0 : length & 0x7f
  if (more > 3 || length === 0x80 || at + 2 + more > octets.length) return undefined
  const content = at + 2 + more
  const end = content + (more === 0 ? length : octets.readUIntBE(at + 2, more))
  return end <= octets.length ? { tag, content, end } : undefined
}
