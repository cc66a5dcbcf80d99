import { createPublicKey, type KeyObject, sign } from 'node:crypto'
import { bitString, der, integer, oid, sequence, tags } from './der.ts'

/** The identifiers of the extensions that are written or read here. */
export const extensionIds = {
  subjectAltName: '2.5.29.17',
  authorityKeyIdentifier: '2.5.29.35',
  acmeIdentifier: '1.3.6.1.5.5.7.1.31',
} as const

/** What a certificate says (RFC 5280 §4.1). */
export interface CertificateFacts {
  readonly serial: Buffer
  /** Common name; empty for none. */
  readonly issuer: string
  readonly subject: string
  /** Milliseconds since 1970. */
  readonly from: number
  readonly to: number
  /** Of the subject, in DER. */
  readonly publicKey: Buffer
  readonly extensions: readonly Buffer[]
}

/** Makes a certificate, PEM. */
export function signCertificate(facts: CertificateFacts, key: KeyObject): string {
  const version3 = der(0xa0, integer(Buffer.from([2])))
  const octets = signed(
    sequence(
      version3,
      integer(facts.serial),
      algorithmOf(key),
      name(facts.issuer),
      sequence(time(facts.from), time(facts.to)),
      name(facts.subject),
      facts.publicKey,
      der(0xa3, sequence(...facts.extensions)),
    ),
    key,
  )
  const lines = octets.toString('base64').match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}

/** Makes a request for a certificate of a key (PKCS #10, RFC 2986 §4) without a name but for its extensions, DER. */
export function signRequestFor(key: KeyObject, extensions: readonly Buffer[]): Buffer {
  const extensionRequest = sequence(oid('1.2.840.113549.1.9.14'), der(tags.set, sequence(...extensions)))
  return signed(
    sequence(integer(Buffer.from([0])), name(''), publicKeyOf(key), der(0xa0, extensionRequest)),
    key,
  )
}

/** A key's public part, as certificates have it. */
export function publicKeyOf(key: KeyObject): Buffer {
  return createPublicKey(key).export({ type: 'spki', format: 'der' })
}

/** The value is in DER itself. */
export function extension(id: string, value: Buffer, critical = false): Buffer {
  const flag = critical ? [der(tags.boolean, Buffer.from([0xff]))] : []
  return sequence(oid(id), ...flag, der(tags.octetString, value))
}

/** The names that a certificate is for. */
export function subjectAltName(names: readonly string[]): Buffer {
  const dnsName = (text: string): Buffer => der(0x82, Buffer.from(text, 'latin1'))
  return extension(extensionIds.subjectAltName, sequence(...names.map(dnsName)))
}

function signed(content: Buffer, key: KeyObject): Buffer {
  return sequence(content, algorithmOf(key), bitString(sign('sha256', content, key)))
}

/** RFC 5758 §3.2, RFC 8017 §A.2: with SHA-256. */
function algorithmOf(key: KeyObject): Buffer {
  return key.asymmetricKeyType === 'rsa'
    ? sequence(oid('1.2.840.113549.1.1.11'), der(tags.null))
    : sequence(oid('1.2.840.10045.4.3.2'))
}

function name(commonName: string): Buffer {
  if (commonName === '') return sequence()
  return sequence(der(tags.set, sequence(oid('2.5.4.3'), der(tags.utf8String, Buffer.from(commonName)))))
}

/** RFC 5280 §4.1.2.5: the century is left out until 2050. */
function time(milliseconds: number): Buffer {
  const digits = new Date(milliseconds).toISOString().replaceAll(/[-:T]|\.\d+/g, '')
  const isShort = milliseconds < Date.UTC(2050)
  return isShort
    ? der(tags.utcTime, Buffer.from(digits.slice(2), 'latin1'))
    : der(tags.generalizedTime, Buffer.from(digits, 'latin1'))
}
