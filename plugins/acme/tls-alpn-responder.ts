import type { Socket } from 'node:net'
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls'
import type { Clock } from 'mailwright'
import { tlsPolicy } from 'mailwright/network'
import type { ChallengeFiles } from './challenge-files.ts'
import { limitConnection } from './deadline.ts'

/** Answers the authority's questions of the challenge tls-alpn-01 (RFC 8737 §3): a handshake, and nothing after it. */
export class TlsAlpnResponder {
  readonly #challenges: ChallengeFiles
  readonly #clock: Clock

  constructor(challenges: ChallengeFiles, clock: Clock) {
    this.#challenges = challenges
    this.#clock = clock
  }

  accept(socket: Socket): void {
    limitConnection(socket, this.#clock)
    const secured = new TLSSocket(socket, {
      isServer: true,
      // Without a certificate: who asks for no name, or for one that nobody is to ask for, gets none.
      secureContext: createSecureContext({ ...tlsPolicy }),
      // Whoever wants anything else is refused (RFC 8737 §4).
      ALPNProtocols: ['acme-tls/1'],
      SNICallback: (serverName, done) => {
        this.#contextFor(serverName).then(
          (context) => done(null, context),
          (error: Error) => done(error),
        )
      },
    })
    secured.on('error', () => socket.destroy())
    secured.on('secure', () => secured.end())
  }

  async #contextFor(serverName: string): Promise<SecureContext> {
    const certificate = await this.#challenges.certificateFor(serverName)
    if (certificate === undefined) throw new Error('nobody is to ask for that name')
    return createSecureContext({ ...tlsPolicy, key: certificate.key, cert: certificate.chain })
  }
}
