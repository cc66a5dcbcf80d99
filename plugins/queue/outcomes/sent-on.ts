import { type Address, type AttemptItem, addressKey, formatAddress } from 'mailwright'
import type { Delivery } from '../tables/queued.ts'

/**
 * What sorting has sent on for recipients of one message. Where their own copy cannot be filed yet it is sorted again, and what was
 * sent on must not go a second time.
 */
export class SentOn {
  readonly #sent = new Map<string, Set<string>>()

  /** With what attempts before have sent on. */
  constructor(deliveries: Iterable<Pick<Delivery, 'recipient' | 'sentOn'>> = []) {
    for (const { recipient, sentOn = [] } of deliveries) for (const key of sentOn) this.#note(recipient, key)
  }

  /** Has what was not sent on before kept. Rejects as `keep` does. */
  async takeOver(
    forwards: readonly AttemptItem[],
    keep: (fresh: readonly AttemptItem[]) => Promise<void>,
  ): Promise<void> {
    const fresh = forwards.filter((item) => !this.#sent.get(addressKey(item.recipient))?.has(keyOf(item)))
    if (fresh.length === 0) return
    await keep(fresh)
    for (const item of fresh) this.#note(item.recipient, keyOf(item))
  }

  /** With what was sent on for it, to be kept where it is tried again. */
  noted(delivery: Delivery): Delivery {
    const sent = this.#sent.get(addressKey(delivery.recipient))
    return sent === undefined ? delivery : { ...delivery, sentOn: [...sent] }
  }

  #note(recipient: Address, key: string): void {
    const sent = this.#sent.get(addressKey(recipient)) ?? new Set()
    this.#sent.set(addressKey(recipient), sent.add(key))
  }
}

/** The same for what goes to the same place. */
function keyOf({ route }: AttemptItem): string {
  return `${route.kind} ${formatAddress(route.address)}`
}
