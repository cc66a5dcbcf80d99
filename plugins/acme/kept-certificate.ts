import type { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import type { Certificate } from 'mailwright'
import { isRecord } from './answer.ts'
import { readIfThere, writeDurably } from './durable-file.ts'
import { coversAll, leafOf } from './issued.ts'
import type { WantedCertificate } from './options.ts'
import { pairFrom, pemOf } from './pem.ts'

/** What is remembered of a certificate beside itself. Times are milliseconds since 1970. */
export interface OrderRecord {
  /** Whose certificate it is, and of what kind: another one in the config is a reason to order. */
  readonly directory?: string
  readonly keyType?: string
  readonly issuedAt?: number
  /** Attempts since the last one that succeeded. */
  readonly failures: number
  /** Not to be tried again before. */
  readonly retryAt?: number
  /** Why the last attempt failed. */
  readonly problem?: string
  /** When to renew, where it has been decided. */
  readonly renewAt?: number
  /** The authority's suggestion from which that was drawn. */
  readonly window?: string
  /** When to ask the authority again. */
  readonly askAt?: number
}

/** A certificate that is there. */
export interface PresentCertificate {
  readonly certificate: Certificate
  readonly leaf: X509Certificate
}

/** One wanted certificate in its files: the key with its chain, and what is remembered. */
export class KeptCertificate {
  readonly wanted: WantedCertificate
  readonly #directory: string
  readonly #path: string

  constructor(folder: string, wanted: WantedCertificate, directory: string) {
    this.wanted = wanted
    this.#directory = directory
    this.#path = join(folder, 'certificates', wanted.names[0] ?? '')
  }

  get name(): string {
    return this.wanted.names[0] ?? ''
  }

  get file(): string {
    return `${this.#path}.pem`
  }

  /** Undefined where there is none, or none that could be used. */
  async present(): Promise<PresentCertificate | undefined> {
    const certificate = pairFrom((await readIfThere(this.file)) ?? '')
    const leaf = leafOf(certificate)
    return leaf === undefined ? undefined : { certificate, leaf }
  }

  async record(): Promise<OrderRecord> {
    const text = await readIfThere(`${this.#path}.json`)
    try {
      const kept: unknown = JSON.parse(text ?? '{}')
      if (isRecord(kept)) return { failures: 0, ...(kept as Partial<OrderRecord>) }
    } catch {
      // What cannot be read is forgotten: at worst it is asked or ordered once too often.
    }
    return { failures: 0 }
  }

  /** Keeps a new one. A crash in between leaves it with the record of the one before, which at worst orders again. */
  async replace(certificate: Certificate, now: number): Promise<void> {
    await writeDurably(this.file, pemOf(certificate))
    await this.note({ directory: this.#directory, keyType: this.wanted.keyType, issuedAt: now, failures: 0 })
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
