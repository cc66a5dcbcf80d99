import type { ClientCertificate } from 'mailwright'

/** The attributes of a client's certificate, as Postfix has them. */
export function certificateAttributes(
  certificate: ClientCertificate | undefined,
): Readonly<Record<string, string>> {
  // A name is only as true as whoever signed it; a fingerprint is compared with one that somebody trusts.
  const name = certificate?.verified === true ? commonName(certificate.subject) : ''
  const pairs = certificate?.fingerprint256.toUpperCase().match(/../g) ?? []
  return {
    ccert_subject: xtext(name),
    ccert_issuer: '',
    ccert_fingerprint: pairs.join(':'),
    ccert_pubkey_fingerprint: '',
  }
}

/** The last CN of a subject; RFC 4514 §2.4 says what a backslash means. */
function commonName(subject: string): string {
  const names = [...subject.matchAll(/(?:^|, )CN=((?:[^,\\]|\\.)*)/gs)]
  return (names.at(-1)?.[1] ?? '').replaceAll(/\\(.)/gs, '$1')
}

/** RFC 3461 §4. */
function xtext(text: string): string {
  const encode = (octet: number) => `+${octet.toString(16).toUpperCase().padStart(2, '0')}`
  return Array.from(Buffer.from(text), (octet) =>
    octet < 0x21 || octet > 0x7e || octet === 0x2b || octet === 0x3d
      ? encode(octet)
      : String.fromCharCode(octet),
  ).join('')
}
