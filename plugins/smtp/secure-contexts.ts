import { createSecureContext, type SecureContext } from 'node:tls'
import type { Certificate, Certificates, Log } from 'mailwright'
import { readClientAuthorities } from './client-authorities.ts'

// OpenSSL breaks off what would resume a session with a client certificate, unless the session has a name of its place.
const sessionIdContext = 'mailwright-smtp'

/** TLS contexts made of the certificates service's keys, each made once and again after a change. */
export class SecureContexts {
  readonly #certificates: Certificates
  readonly #log: Log
  readonly #authoritiesFile: string | undefined
  #authorities: readonly string[] | undefined
  // By chain: there are only so many certificates, and any number of names that clients may ask for.
  #made = new Map<string, SecureContext>()
  #fallback: SecureContext | undefined
  #unlisten: (() => void) | undefined

  /** Clients' certificates are verified by the authorities in the named file, else by those that Node.js trusts. */
  constructor(certificates: Certificates, log: Log, authoritiesFile?: string) {
    this.#certificates = certificates
    this.#log = log
    this.#authoritiesFile = authoritiesFile
  }

  /** For clients that name no server. Undefined before `start`. */
  get fallback(): SecureContext | undefined {
    return this.#fallback
  }

  /** Fails where there is no usable certificate, or a file of authorities without one. */
  async start(): Promise<void> {
    const file = this.#authoritiesFile
    this.#authorities = file === undefined ? undefined : await readClientAuthorities(file)
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
    const context = createSecureContext({
      key,
      cert: chain,
      // RFC 8996: nothing older than TLS 1.2.
      minVersion: 'TLSv1.2',
      honorCipherOrder: true,
      sessionIdContext,
      ...(this.#authorities === undefined ? {} : { ca: [...this.#authorities] }),
    })
    this.#made.set(chain, context)
    return context
  }
}
