import { type Address, addressKey, type BatchItem, type MailParameters, type Message } from 'mailwright'
import type { Destination } from '../routing/destination.ts'

/** One message for recipients who are served by the same hosts. */
export interface Envelope {
  /** The queue id. */
  readonly id: string
  readonly message: Message
  readonly reversePath: Address | null
  readonly parameters: MailParameters
  readonly items: readonly BatchItem[]
}

/** An envelope, and where it goes. */
export interface Dispatch {
  readonly destination: Destination
  readonly envelope: Envelope
}

/** Puts together what goes the same way: same destination, reverse-path and message. */
export function dispatchesOf(
  items: readonly BatchItem[],
  about: Pick<Envelope, 'id' | 'parameters'>,
  destinationOf: (item: BatchItem) => Destination,
): readonly Dispatch[] {
  const found: { readonly destination: Destination; readonly items: BatchItem[] }[] = []
  for (const item of items) {
    const destination = destinationOf(item)
    const known = found.find(
      ({ destination: other, items: [first] }) =>
        other.name === destination.name &&
        other.relay === destination.relay &&
        first?.message === item.message &&
        senderKey(first.reversePath) === senderKey(item.reversePath),
    )
    if (known === undefined) found.push({ destination, items: [item] })
    else known.items.push(item)
  }
  return found.flatMap(({ destination, items: own }) => {
    const [first] = own
    if (first === undefined) return []
    const { message, reversePath } = first
    return [{ destination, envelope: { ...about, message, reversePath, items: own } }]
  })
}

function senderKey(reversePath: Address | null): string {
  return reversePath === null ? '' : addressKey(reversePath)
}
