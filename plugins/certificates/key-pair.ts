import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { type Certificate, canonicalDomain, errorText, MailwrightError } from 'mailwright'
import { tlsPolicy } from 'mailwright/network'

/** A key and a chain that have been seen to belong together. */
export interface KeyPair {
  readonly certificate: Certificate
  /** Those that it is for, as the config or the certificate says them. */
  readonly names: readonly string[]
  /** Where it comes from, for people: a file's path, `issued`. */
  readonly source: string
  /** The issuer's name, attributes in one line. */
  readonly issuer: string
  /** The end of its validity. */
  readonly validTo: Date
  /** Whether it is made for this name (canonical). */
  covers(serverName: string): boolean
}

/**
 * Makes a pair of PEM texts. MAIL_E_INVALID, with what is wrong and where, for texts that are no key or no certificate,
 * that do not belong together, or that no listener could use. `names` take the place of the names in the certificate.
 */
export function makeKeyPair(
  certificate: Certificate,
  names: readonly string[] | undefined,
  source: string,
): KeyPair {
  if (isEncrypted(certificate.key))
    throw new MailwrightError(
      'MAIL_E_INVALID',
      'key: is encrypted with a passphrase that the server does not know (`openssl pkey -in <file> -out <new file>` writes it without)',
    )
  const key = parsed('key', 'is not a private key in PEM form', () => createPrivateKey(certificate.key))
  const chain = parsed(
    'chain',
    'is not a certificate in PEM form',
    () => new X509Certificate(certificate.chain),
  )
  if (!chain.checkPrivateKey(key))
    throw new MailwrightError('MAIL_E_INVALID', 'key: does not belong to the certificate')
  // Sees what lies behind the first certificate, and what OpenSSL holds for too weak.
  parsed('chain', 'cannot be used for TLS', () =>
    createSecureContext({ ...tlsPolicy, key: certificate.key, cert: certificate.chain }),
  )
  return {
    certificate,
    names: names ?? namesIn(chain),
    source,
    issuer: chain.issuer?.replaceAll('\n', ', ') ?? '',
    validTo: new Date(chain.validTo),
    covers: (name) =>
      names === undefined ? chain.checkHost(name) !== undefined : names.some((one) => matches(one, name)),
  }
}

/** As PKCS #8 writes it, or as OpenSSL did before. */
function isEncrypted(key: string): boolean {
  return /^-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: *4, *ENCRYPTED/m.test(key)
}

function namesIn({ subjectAltName = '', subject }: X509Certificate): readonly string[] {
  const names = subjectAltName.split(', ').flatMap((name) => (name.startsWith('DNS:') ? [name.slice(4)] : []))
  return names.length > 0 ? names : [subject]
}

/** The pair for a server name; the first one for none and for a name that no pair covers. */
export function chooseKeyPair(
  pairs: readonly KeyPair[],
  serverName: string | undefined,
): KeyPair | undefined {
  const name = serverName === undefined ? undefined : canonicalDomain(serverName)
  return (name === undefined ? undefined : pairs.find((pair) => pair.covers(name))) ?? pairs[0]
}

/** RFC 6125 §6.4.3: the asterisk stands for one label. */
function matches(pattern: string, name: string): boolean {
  if (!pattern.startsWith('*.')) return pattern === name
  return name.slice(name.indexOf('.') + 1) === pattern.slice(2) && name.includes('.')
}

function parsed<T>(what: string, problem: string, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    throw new MailwrightError('MAIL_E_INVALID', `${what}: ${problem} (${errorText(error)})`)
  }
}
