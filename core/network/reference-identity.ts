import { checkServerIdentity, type PeerCertificate } from 'node:tls'

/** Whether a certificate is for one of the names; `.example.org` is any name one label below. */
export function isFor(certificate: PeerCertificate, names: readonly string[]): boolean {
  return names.some((name) =>
    name.startsWith('.')
      ? dnsNames(certificate).some((own) => own === `*${name}` || isBelow(own, name))
      : checkServerIdentity(name, certificate) === undefined,
  )
}

function isBelow(name: string, suffix: string): boolean {
  const label = name.slice(0, -suffix.length)
  return name.endsWith(suffix) && label !== '' && !label.includes('.')
}

/** The DNS names that the certificate has (RFC 9525 §3), in lower case. */
function dnsNames({ subjectaltname = '' }: PeerCertificate): readonly string[] {
  return subjectaltname
    .split(', ')
    .flatMap((entry) => /^DNS:([\w.*-]+)$/.exec(entry)?.[1]?.toLowerCase() ?? [])
}
