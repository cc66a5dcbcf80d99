import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'
import type { TlsaRecord } from 'mailwright'
import type { SecurityFailure } from '../requirement.ts'
import { isWholeCertificate, isWholeKey, matches, usages } from './records.ts'

/** More than anybody needs between a server and an authority. */
const longestChain = 16
const serverAuthentication = '1.3.6.1.5.5.7.3.1'
const anyPurpose = '2.5.29.37.0'

/**
 * Whether a server is the one that TLSA records speak of. `chain`: its certificates, DER, its own first; what else is there may be in any
 * order. `tlsa`: usable records only. `names`: one of them must be in the certificate where a trust anchor is what the records name.
 * `now`: milliseconds since 1970. Undefined: it is.
 *
 * DANE-EE: the key or certificate itself counts, and neither names nor times nor signatures (RFC 7672 §3.1.1). DANE-TA: there has to be a
 * chain of signatures to the anchor, valid now, and a name (§3.1.2). What an authority may be limited to (path length, name
 * constraints) is not looked at: its owner has chosen it for this host.
 */
export function verifyDane(
  chain: readonly Buffer[],
  tlsa: readonly TlsaRecord[],
  names: readonly string[],
  now: number,
): SecurityFailure | undefined {
  const [own, ...others] = chain.slice(0, longestChain)
  if (own === undefined) return failure('validation-failure', 'the server has no certificate')
  if (tlsa.some((record) => record.usage === usages.endEntity && matches(record, own))) return undefined
  const anchors = tlsa.filter(({ usage }) => usage === usages.trustAnchor)
  if (anchors.length === 0)
    return failure('validation-failure', 'no TLSA record is about the certificate of the server')
  try {
    return verifyByAnchor(new X509Certificate(own), others, { anchors, names, now })
  } catch {
    return failure('validation-failure', 'the certificate of the server cannot be read')
  }
}

interface AnchorDemand {
  readonly anchors: readonly TlsaRecord[]
  readonly names: readonly string[]
  readonly now: number
}

function verifyByAnchor(
  own: X509Certificate,
  others: readonly Buffer[],
  { anchors, names, now }: AnchorDemand,
): SecurityFailure | undefined {
  const search = new AnchorSearch(others, anchors)
  const path = search.pathFrom(own, (certificate) => isCurrent(certificate, now))
  if (path === undefined) {
    const isOutOfDate = search.pathFrom(own, () => true) !== undefined
    return isOutOfDate
      ? failure(
          'certificate-expired',
          'a certificate between the server and its trust anchor is not valid now',
        )
      : failure(
          'certificate-not-trusted',
          'the certificate of the server does not lead to a trust anchor of the TLSA records',
        )
  }
  // RFC 6125 §6.4.3, and with `.example.org` any name right below.
  const options = { partialWildcards: false, singleLabelSubdomains: true } as const
  if (!names.some((name) => own.checkHost(name, options) !== undefined))
    return failure(
      'certificate-host-mismatch',
      `the certificate of the server is not for ${names.join(', ')}`,
    )
  const purposes: readonly string[] | undefined = own.keyUsage
  if (purposes !== undefined && !purposes.includes(serverAuthentication) && !purposes.includes(anyPurpose))
    return failure('certificate-not-trusted', 'the certificate is not meant for servers')
  return undefined
}

/** Looks for a way from a certificate to one that a record names. */
class AnchorSearch {
  readonly #anchors: readonly TlsaRecord[]
  readonly #issuers: readonly X509Certificate[]
  readonly #keys: readonly KeyObject[]

  constructor(others: readonly Buffer[], anchors: readonly TlsaRecord[]) {
    this.#anchors = anchors
    // RFC 7671 §5.2: an anchor that is in the record as a whole need not be sent.
    const inRecords = anchors.filter(isWholeCertificate).map(({ data }) => data)
    this.#issuers = [...others, ...inRecords].map(readCertificate).filter((each) => each !== undefined)
    this.#keys = anchors
      .filter(isWholeKey)
      .map(({ data }) => createPublicKey({ key: data, format: 'der', type: 'spki' }))
  }

  /** The certificates from `own` to the anchor, all of them good to `accepts`. */
  pathFrom(
    own: X509Certificate,
    accepts: (certificate: X509Certificate) => boolean,
  ): readonly X509Certificate[] | undefined {
    const seen = new Set<X509Certificate>()
    const from = (certificate: X509Certificate): readonly X509Certificate[] | undefined => {
      if (seen.has(certificate) || !accepts(certificate)) return undefined
      seen.add(certificate)
      if (certificate !== own && this.#anchors.some((record) => matches(record, certificate.raw)))
        return [certificate]
      if (this.#keys.some((key) => isSignedBy(certificate, key))) return [certificate]
      for (const issuer of this.#issuers) {
        if (!issuer.ca || !certificate.checkIssued(issuer) || !isSignedBy(certificate, issuer.publicKey))
          continue
        const rest = from(issuer)
        if (rest !== undefined) return [certificate, ...rest]
      }
      return undefined
    }
    return from(own)
  }
}

function readCertificate(der: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(der)
  } catch {
    return undefined
  }
}

function isSignedBy(certificate: X509Certificate, key: KeyObject): boolean {
  try {
    return certificate.verify(key)
  } catch {
    return false
  }
}

function isCurrent({ validFromDate, validToDate }: X509Certificate, now: number): boolean {
  return validFromDate.getTime() <= now && now <= validToDate.getTime()
}

function failure(result: SecurityFailure['result'], detail: string): SecurityFailure {
  return { result, detail }
}
