import { createSecureContext, type SecureContext, type TLSSocket, type TLSSocketOptions } from 'node:tls'
import type { TlsFacts } from '../model/session.ts'
import type { Certificates } from '../services/certificates.ts'

/** The listener's side of TLS: a context for each certificate, made once, and again when certificates are renewed. */
export class ServerTls {
  readonly #certificates: Certificates
  readonly #protocol: string
  readonly #contexts = new Map<string, SecureContext>()
  #unsubscribe: (() => void) | undefined

  /** The protocol is named as ALPN names it, such as `imap` (RFC 7301 §6). */
  constructor(certificates: Certificates, protocol: string) {
    this.#certificates = certificates
    this.#protocol = protocol
  }

  start(): void {
    this.#unsubscribe = this.#certificates.onChange(() => this.#contexts.clear())
  }

  stop(): void {
    this.#unsubscribe?.()
  }

  /** For one connection. Rejects where there is no certificate to be had. */
  async options(): Promise<TLSSocketOptions> {
    return {
      secureContext: await this.#context(undefined),
      // A client that speaks another protocol under TLS is turned away (RFC 7301 §3.2): it was led here by somebody.
      ALPNProtocols: [this.#protocol],
      SNICallback: (serverName, done) => {
        this.#context(serverName).then(
          (context) => done(null, context),
          (error: Error) => done(error),
        )
      },
    }
  }

  async #context(serverName: string | undefined): Promise<SecureContext> {
    const { key, chain } = await this.#certificates.forName(serverName)
    const known = this.#contexts.get(chain)
    if (known !== undefined) return known
    const context = createSecureContext({ key, cert: chain })
    this.#contexts.set(chain, context)
    return context
  }
}

/** What the session's record says of an established TLS connection. */
export function tlsFacts(socket: TLSSocket): TlsFacts {
  const { servername } = socket as { servername?: string | false | null }
  return {
    version: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher().standardName,
    ...(typeof servername === 'string' && servername !== '' ? { serverName: servername } : {}),
  }
}
