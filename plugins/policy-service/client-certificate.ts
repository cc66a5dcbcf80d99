import type { ClientCertificate } from 'mailwright'
import { xtext } from 'mailwright/smtp-client'

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
