import { createHash, type X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'

/** What ties a login to its TLS connection (RFC 5056), so that nobody between the two ends can pass it on. */
export interface ChannelBinding {
  /** The types that this connection has; none where it cannot be tied safely. */
  readonly types: readonly ChannelBindingType[]
  /** Undefined for a type that is not among them. */
  data(type: string): Buffer | undefined
}

/** RFC 9266 and RFC 5929. */
export type ChannelBindingType = 'tls-exporter' | 'tls-unique' | 'tls-server-end-point'

// RFC 9266 §4.2
const exporterLabel = 'EXPORTER-Channel-Binding'
const exporterOctets = 32

/**
 * The bindings of an established connection. TLS 1.3 has tls-exporter, TLS 1.2 has tls-unique; both have
 * tls-server-end-point where Node.js (24.9 and later) tells how the certificate is signed. A resumed session of TLS 1.2
 * has none, since nobody tells us whether it is one to which RFC 7627 applies (RFC 7677 §4).
 */
export function channelBinding(socket: TLSSocket): ChannelBinding {
  const isCurrent = socket.getProtocol() === 'TLSv1.3'
  const read: Readonly<Record<ChannelBindingType, () => Buffer | undefined>> = {
    'tls-exporter': () =>
      isCurrent ? socket.exportKeyingMaterial(exporterOctets, exporterLabel, Buffer.alloc(0)) : undefined,
    // RFC 5929 §3.1: the first Finished message of the handshake, which in a whole one is the client's.
    'tls-unique': () => (isCurrent ? undefined : socket.getPeerFinished()),
    'tls-server-end-point': () => endPoint(socket.getX509Certificate()),
  }
  const isSafe = isCurrent || (socket.getProtocol() === 'TLSv1.2' && !socket.isSessionReused())
  const data = (type: string): Buffer | undefined =>
    isSafe && Object.hasOwn(read, type) ? read[type as ChannelBindingType]() : undefined
  const types = Object.keys(read) as ChannelBindingType[]
  return { types: types.filter((type) => data(type) !== undefined), data }
}

// RFC 5929 §4.1: the hash function of the certificate's signature, but SHA-256 in the place of MD5 and SHA-1. There is no
// binding for signatures without a hash function, and none here for those that have it in a parameter.
const signatureHashes: Readonly<Record<string, string>> = {
  // RFC 8017 §A.2.4
  '1.2.840.113549.1.1.4': 'sha256',
  '1.2.840.113549.1.1.5': 'sha256',
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.113549.1.1.14': 'sha224',
  // RFC 5758 §3.2
  '1.2.840.10045.4.1': 'sha256',
  '1.2.840.10045.4.3.1': 'sha224',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
}

function endPoint(certificate: X509Certificate | undefined): Buffer | undefined {
  const { signatureAlgorithmOid } = (certificate ?? {}) as { readonly signatureAlgorithmOid?: string }
  const hash = signatureHashes[signatureAlgorithmOid ?? '']
  return certificate && hash ? createHash(hash).update(certificate.raw).digest() : undefined
}
