// Octets that are kept for messages which have no UID yet.
const most = 32 * 1024 * 1024

/** What was made of a message while it was delivered. */
export interface FreshValues {
  readonly summary?: Buffer
  readonly signature?: Buffer
}

/** What was made of messages at their delivery, until their mailbox's index takes it. The oldest give way. */
export class FreshMessages {
  readonly #values = new Map<string, { summary?: Buffer | undefined; signature?: Buffer | undefined }>()
  #octets = 0

  put(base: string, values: FreshValues): void {
    this.#values.set(base, { ...values })
    this.#octets += sizeOf(values)
    for (const [oldest] of this.#values) {
      if (this.#octets <= most) return
      this.#remove(oldest)
    }
  }

  /** Answers a value, once. */
  take(base: string, name: keyof FreshValues): Buffer | undefined {
    const values = this.#values.get(base)
    const value = values?.[name]
    if (values === undefined || value === undefined) return undefined
    delete values[name]
    this.#octets -= value.length
    if (values.summary === undefined && values.signature === undefined) this.#values.delete(base)
    return value
  }

  #remove(base: string): void {
    const values = this.#values.get(base)
    this.#values.delete(base)
    this.#octets -= sizeOf(values ?? {})
  }
}

function sizeOf({
  summary,
  signature,
}: {
  summary?: Buffer | undefined
  signature?: Buffer | undefined
}): number {
  return (summary?.length ?? 0) + (signature?.length ?? 0)
}
