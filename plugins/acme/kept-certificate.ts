import { createHash, type X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import type { Certificate } from 'mailwright'
import { BegunOrderFile } from './begun-order.ts'
import { readIfThere, writeDurably } from './durable-file.ts'
import { coversAll, leafOf } from './issued.ts'
import type { AcmeOptions, WantedCertificate } from './options.ts'
import { believable, type OrderRecord } from './order-record.ts'
import { pairFrom, pemOf } from './pem.ts'

/** A certificate that is there. */
export interface PresentCertificate {
  readonly certificate: Certificate
  readonly leaf: X509Certificate
}

type AttemptOptions = Omit<AcmeOptions, 'certificates'>

/** One wanted certificate in its files: the key with its chain, and what is remembered. */
export class KeptCertificate {
  readonly wanted: WantedCertificate
  readonly begun: BegunOrderFile
  readonly #directory: string
  readonly #path: string
  readonly #attempted: string

  constructor(folder: string, wanted: WantedCertificate, options: AttemptOptions) {
    this.wanted = wanted
    this.#directory = options.directory.href
    this.#path = join(folder, 'certificates', wanted.names[0] ?? '')
    this.begun = new BegunOrderFile(`${this.#path}.order`)
    this.#attempted = digestOf(wanted, options)
  }

  get name(): string {
    return this.wanted.names[0] ?? ''
  }

  get file(): string {
    return `${this.#path}.pem`
  }

  /** Undefined where there is none, or none that could be used. MAIL_E_UNAVAILABLE where the file cannot be read. */
  async present(): Promise<PresentCertificate | undefined> {
    const certificate = pairFrom((await readIfThere(this.file)) ?? '')
    const leaf = leafOf(certificate)
    return leaf === undefined ? undefined : { certificate, leaf }
  }

  /**
   * What is remembered and can be believed; what is no JSON is forgotten. MAIL_E_UNAVAILABLE where the file cannot be read:
   * where it could not be written either, each look would order.
   */
  async record(now: number): Promise<OrderRecord> {
    const text = await readIfThere(`${this.#path}.json`)
    return believable(parsed(text ?? ''), this.#attempted, now)
  }

  /** Keeps a new one. A crash in between leaves it with the record of the one before, which at worst orders again. */
  async replace(certificate: Certificate, now: number): Promise<void> {
    await writeDurably(this.file, pemOf(certificate))
    await this.note({ directory: this.#directory, keyType: this.wanted.keyType, issuedAt: now, failures: 0 })
    await this.begun.forget()
  }

  /** Remembers an attempt that failed, and what it was made with. */
  noteFailure(record: OrderRecord): Promise<void> {
    return this.note({ ...record, attempted: this.#attempted })
  }

  note(record: OrderRecord): Promise<void> {
    return writeDurably(`${this.#path}.json`, `${JSON.stringify(record, null, 2)}\n`)
  }

  /** Whether it is what the config wants; where not, it serves until the right one is there. */
  fits({ leaf }: PresentCertificate, { directory, keyType }: OrderRecord): boolean {
    const isOurs = directory === this.#directory && keyType === this.wanted.keyType
    return isOurs && coversAll(leaf, this.wanted.names)
  }
}

/** What of the config an attempt depends on: after a change it is worth another one. */
function digestOf(wanted: WantedCertificate, options: AttemptOptions): string {
  const { directory, directoryCa, contact, externalAccount, challenge, host, port, webroot } = options
  const account = [contact, externalAccount?.keyId, externalAccount?.hmacKey.toString('base64url')]
  const attempt = [
    wanted.names,
    wanted.keyType,
    directory,
    directoryCa,
    account,
    challenge,
    host,
    port,
    webroot,
  ]
  return createHash('sha256').update(JSON.stringify(attempt)).digest('base64url')
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
