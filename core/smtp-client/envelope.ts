import { type Address, addressKey } from '../model/address/address.ts'
import type { Batch, BatchItem } from '../model/delivery.ts'
import type { Message } from '../model/message.ts'
import type { MailParameters } from '../model/transaction.ts'

/** One message for recipients who can share a mail transaction with a host. */
export interface Envelope {
  /** The queue id. */
  readonly id: string
  readonly message: Message
  readonly reversePath: Address | null
  readonly parameters: MailParameters
  readonly items: readonly BatchItem[]
}

/** Puts together what goes to one host with the same reverse-path and message, so many recipients at most. */
export function envelopesOf(
  items: readonly BatchItem[],
  { id, parameters }: Pick<Batch, 'id' | 'parameters'>,
  most: number = Number.POSITIVE_INFINITY,
): readonly Envelope[] {
  const envelopes: (Envelope & { readonly items: BatchItem[] })[] = []
  for (const item of items) {
    const { message, reversePath } = item
    const known = envelopes.find(
      (one) =>
        one.message === message &&
        senderKey(one.reversePath) === senderKey(reversePath) &&
        one.items.length < most,
    )
    if (known === undefined) envelopes.push({ id, message, reversePath, parameters, items: [item] })
    else known.items.push(item)
  }
  return envelopes
}

function senderKey(reversePath: Address | null): string {
  return reversePath === null ? '' : addressKey(reversePath)
}
