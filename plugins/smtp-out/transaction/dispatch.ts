import type { Batch, BatchItem } from 'mailwright'
import { type Envelope, envelopesOf } from 'mailwright/smtp-client'
import type { Destination } from '../routing/destination.ts'

/** An envelope, and where it goes. */
export interface Dispatch {
  readonly destination: Destination
  readonly envelope: Envelope
}

/** Puts together what goes the same way: same destination, reverse-path and message. */
export function dispatchesOf(
  items: readonly BatchItem[],
  about: Pick<Batch, 'id' | 'parameters'>,
  destinationOf: (item: BatchItem) => Destination,
): readonly Dispatch[] {
  const found: { readonly destination: Destination; readonly items: BatchItem[] }[] = []
  for (const item of items) {
    const destination = destinationOf(item)
    const known = found.find(
      ({ destination: other }) => other.name === destination.name && other.relay === destination.relay,
    )
    if (known === undefined) found.push({ destination, items: [item] })
    else known.items.push(item)
  }
  return found.flatMap(({ destination, items: own }) =>
    envelopesOf(own, about).map((envelope) => ({ destination, envelope })),
  )
}
