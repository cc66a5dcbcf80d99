import { type Address, addressKey, type Edit, type RecipientParameters } from 'mailwright'
import type { RecipientChange } from './modifications.ts'

/**
 * The edits that changes of the recipients come to, one after the other: who is there is not added again, who was added and
 * removed never comes, and who was removed and added stays.
 */
export function recipientEdits(
  recipients: readonly Address[],
  changes: readonly RecipientChange[],
): readonly Edit[] {
  const original = new Map(recipients.map((address) => [addressKey(address), address]))
  const present = new Map(original)
  const parametersOf = new Map<Address, RecipientParameters>()
  for (const { kind, address, parameters } of changes) {
    const key = addressKey(address)
    if (kind === 'remove') present.delete(key)
    else if (!present.has(key)) {
      present.set(key, original.get(key) ?? address)
      if (parameters !== undefined) parametersOf.set(address, parameters)
    }
  }
  return [
    ...differing(original, present).map((address) => ({ kind: 'remove-recipient', address }) as const),
    ...differing(present, original).map((address): Edit => {
      const parameters = parametersOf.get(address)
      return { kind: 'add-recipient', address, ...(parameters && { parameters }) }
    }),
  ]
}

/** The addresses of one that the other lacks. */
function differing(
  one: ReadonlyMap<string, Address>,
  other: ReadonlyMap<string, Address>,
): readonly Address[] {
  return [...one].filter(([key]) => !other.has(key)).map(([, address]) => address)
}
