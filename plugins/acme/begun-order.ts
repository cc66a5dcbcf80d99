import { rm } from 'node:fs/promises'
import { isRecord } from './answer.ts'
import { readIfThere, writeDurably } from './durable-file.ts'

/** An order that the authority has yet to sign, and the private key that its certificate is for. */
export interface BegunOrder {
  readonly url: string
  /** The URL of the account that it belongs to. */
  readonly account: string
  /** PEM. */
  readonly key: string
  /** What was wanted. */
  readonly names: readonly string[]
  readonly keyType: string
  /** When it was begun: milliseconds since 1970. */
  readonly at: number
}

/** Where it is kept until there is a certificate: an authority may take longer to sign than anybody waits. */
export class BegunOrderFile {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  /** Undefined where there is none. MAIL_E_UNAVAILABLE where the file cannot be read. */
  async read(): Promise<BegunOrder | undefined> {
    const text = await readIfThere(this.#path)
    try {
      const kept: unknown = JSON.parse(text ?? '')
      return isBegunOrder(kept) ? kept : undefined
    } catch {
      // At worst it is ordered once too often.
      return undefined
    }
  }

  keep(order: BegunOrder): Promise<void> {
    return writeDurably(this.#path, `${JSON.stringify(order, null, 2)}\n`)
  }

  forget(): Promise<void> {
    return rm(this.#path, { force: true })
  }
}

function isBegunOrder(kept: unknown): kept is BegunOrder {
  if (!isRecord(kept) || !Array.isArray(kept.names) || typeof kept.at !== 'number') return false
  return [kept.url, kept.account, kept.key, kept.keyType].every((text) => typeof text === 'string')
}
