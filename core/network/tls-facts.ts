import type { TLSSocket } from 'node:tls'
import type { ClientCertificate, TlsFacts } from '../model/session.ts'

const maxSubject = 500

/** What the session's record says of an established TLS connection. */
export function tlsFacts(socket: TLSSocket): TlsFacts {
  const { servername } = socket as { servername?: string | false | null }
  const certificate = clientCertificate(socket)
  return {
    version: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher().standardName,
    ...(typeof servername === 'string' && servername !== '' ? { serverName: servername } : {}),
    ...(certificate === undefined ? {} : { clientCertificate: certificate }),
  }
}

/** Undefined where none was asked for or shown. A resumed session has the one that it began with. */
function clientCertificate(socket: TLSSocket): ClientCertificate | undefined {
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) return undefined
  return {
    fingerprint256: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    // One attribute a line; a line break inside a value is escaped.
    subject: (certificate.subject ?? '').replaceAll('\n', ', ').slice(0, maxSubject),
    verified: socket.authorized,
  }
}
