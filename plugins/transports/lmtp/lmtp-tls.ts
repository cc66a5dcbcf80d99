import { isIP } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { errorText, UnavailableError } from 'mailwright'
import { ClientTrust, type LineConnection, trustProblem } from 'mailwright/network'

/**
 * What is demanded of a server. `none`: no TLS. `may`: TLS where it is offered, whatever the certificate. `encrypt`: TLS, whatever the
 * certificate. `verify`: a certificate of a known authority for the host.
 */
export type LmtpTlsLevel = 'none' | 'may' | 'encrypt' | 'verify'

export const lmtpTlsLevels: readonly LmtpTlsLevel[] = ['none', 'may', 'encrypt', 'verify']

export interface LmtpTlsSettings {
  /** For hosts that {@link levels} does not name. */
  readonly level: LmtpTlsLevel
  /** By host, in lower case. */
  readonly levels: ReadonlyMap<string, LmtpTlsLevel>
  /** Path of a PEM file of further authorities. */
  readonly authorities: string | undefined
}

/** A connection could not be secured as it was demanded. */
export class TlsFailure extends UnavailableError {}

/** TLS towards LMTP servers. */
export class LmtpTls {
  readonly #settings: LmtpTlsSettings
  readonly #trust: ClientTrust

  constructor(settings: LmtpTlsSettings) {
    this.#settings = settings
    this.#trust = new ClientTrust(settings.authorities)
  }

  /** Reads the authorities. Throws where the file cannot be read. */
  start(): void {
    this.#trust.start()
  }

  levelFor(host: string): LmtpTlsLevel {
    return this.#settings.levels.get(host.toLowerCase()) ?? this.#settings.level
  }

  /** Goes on under TLS. {@link TlsFailure} where that does not come about; the connection is then of no use. */
  async secure(
    connection: LineConnection,
    host: string,
    level: LmtpTlsLevel,
    timeout: number,
  ): Promise<void> {
    const socket = await this.#handshake(connection, host, timeout)
    const problem = level === 'verify' ? trustProblem(socket, [host]) : undefined
    if (problem !== undefined) throw new TlsFailure(problem.detail)
  }

  async #handshake(connection: LineConnection, host: string, timeout: number): Promise<TLSSocket> {
    const options = {
      secureContext: this.#trust.context,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      // Whether the certificate will do is looked at afterwards, by what is demanded.
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    }
    try {
      return await connection.secureAsClient(options, timeout)
    } catch (error) {
      const { cause } = Object(error) as { cause?: unknown }
      const detail = cause === undefined ? 'it was given up' : errorText(cause)
      throw new TlsFailure(`the handshake of TLS failed: ${detail}`, { cause: error })
    }
  }
}
