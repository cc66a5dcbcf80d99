import { X509Certificate } from 'node:crypto'
import type { Certificates, Clock, HealthProblem, Metrics } from 'mailwright'

const day = 86_400_000
/** Days before which somebody should look: renewals have begun weeks before. */
const worthAWarning = 14

interface Known {
  /** The certificate's first name. */
  readonly name: string
  /** Milliseconds since 1970. */
  readonly validTo: number
}

/** How long the certificates are valid that are served: the default one, and the one for our own name. */
export class CertificateFigures {
  readonly #certificates: Certificates
  readonly #hostname: string
  readonly #clock: Clock

  constructor(certificates: Certificates, hostname: string, clock: Clock) {
    this.#certificates = certificates
    this.#hostname = hostname
    this.#clock = clock
  }

  declare(metrics: Metrics): void {
    metrics.observe(
      {
        name: 'mailwright_certificate_expiry_timestamp_seconds',
        help: 'Until when a certificate is valid, in seconds since 1970: the default one, and the one of the own name.',
        labels: ['name'],
        combine: 'min',
      },
      async () =>
        (await this.#served()).map(({ name, validTo }) => ({ labels: [name], value: validTo / 1000 })),
    )
  }

  /** `days` that they have to be valid at least. */
  async check(days: number): Promise<HealthProblem | undefined> {
    const rest = Math.min(...(await this.#served()).map(({ validTo }) => validTo - this.#clock.now())) / day
    if (rest > Math.max(days, worthAWarning)) return undefined
    const reason =
      rest <= 0 ? 'a certificate has expired' : `a certificate expires within ${Math.ceil(rest)} days`
    return { state: rest <= days ? 'fail' : 'warn', reason }
  }

  async #served(): Promise<readonly Known[]> {
    const found = await Promise.all([
      this.#certificates.forName(),
      this.#certificates.forName(this.#hostname),
    ])
    const byChain = new Map(found.map(({ chain }) => [chain, chain]))
    return [...byChain.keys()].map((chain) => {
      const { subjectAltName, subject, validTo } = new X509Certificate(chain)
      const [, name] = /DNS:([^,\s]+)/.exec(subjectAltName ?? '') ?? /CN=([^\n]+)/.exec(subject ?? '') ?? []
      return { name: name ?? '', validTo: Date.parse(validTo) }
    })
  }
}
