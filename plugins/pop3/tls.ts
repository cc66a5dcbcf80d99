import { createSecureContext, type SecureContext, type TLSSocket, type TLSSocketOptions } from 'node:tls'
import type { Certificates, TlsFacts } from 'mailwright'

/** The listener's side of TLS: a context for each certificate, made once, and again when certificates are renewed. */
export class TlsContexts {
  readonly #certificates: Certificates
  readonly #contexts = new Map<string, SecureContext>()
  #unsubscribe: (() => void) | undefined

  constructor(certificates: Certificates) {
    this.#certificates = certificates
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
      ALPNProtocols: ['pop3'],
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
