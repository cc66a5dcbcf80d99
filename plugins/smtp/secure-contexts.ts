import { createSecureContext, type SecureContext } from 'node:tls'
import type { Certificate, Certificates, Log } from 'mailwright'

/** TLS contexts made of the certificates service's keys, each made once and again after a change. */
export class SecureContexts {
  readonly #certificates: Certificates
  readonly #log: Log
  // By chain: there are only so many certificates, and any number of names that clients may ask for.
  #made = new Map<string, SecureContext>()
  #fallback: SecureContext | undefined
  #unlisten: (() => void) | undefined

  constructor(certificates: Certificates, log: Log) {
    this.#certificates = certificates
    this.#log = log
  }

  /** For clients that name no server. Undefined before `start`. */
  get fallback(): SecureContext | undefined {
    return this.#fallback
  }

  /** Fails where there is no usable certificate. */
  async start(): Promise<void> {
    this.#fallback = this.#make(await this.#certificates.forName())
    this.#unlisten = this.#certificates.onChange(() => {
      this.#renew().catch((error) =>
        this.#log.error('certificate', { text: 'the new certificate cannot be used', error }),
      )
    })
  }

  stop(): void {
    this.#unlisten?.()
  }

  /** For a server name (SNI, RFC 6066 §3). */
  async forName(serverName: string): Promise<SecureContext> {
    return this.#make(await this.#certificates.forName(serverName))
  }

  async #renew(): Promise<void> {
    this.#made = new Map()
    this.#fallback = this.#make(await this.#certificates.forName())
  }

  #make({ key, chain }: Certificate): SecureContext {
    const made = this.#made.get(chain)
    if (made !== undefined) return made
    // RFC 8996: nothing older than TLS 1.2.
    const context = createSecureContext({ key, cert: chain, minVersion: 'TLSv1.2', honorCipherOrder: true })
    this.#made.set(chain, context)
    return context
  }
}
