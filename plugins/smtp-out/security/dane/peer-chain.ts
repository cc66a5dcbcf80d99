import type { DetailedPeerCertificate, TLSSocket } from 'node:tls'

// Whoever sends more is not to be verified, and nothing is to be computed for him.
const most = 16

/**
 * The certificates that the other side has sent, DER, its own first. Empty where there are none, as on a resumed session: sessions that are
 * to be verified must be new.
 */
export function peerChain(socket: Pick<TLSSocket, 'getPeerCertificate'>): readonly Buffer[] {
  const chain: Buffer[] = []
  const seen = new Set<DetailedPeerCertificate>()
  let next: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true)
  while (next?.raw !== undefined && !seen.has(next) && chain.length < most) {
    seen.add(next)
    chain.push(next.raw)
    // A root is its own issuer.
    next = next.issuerCertificate
  }
  return chain
}
