import { type Address, addressKey } from '../model/address/address.ts'
import type { Edit } from '../model/edit.ts'
import type { Recipient, RecipientParameters } from '../model/transaction.ts'

/** Those of a message's recipients who still get it after its edits. */
export function remainingRecipients(
  recipients: readonly Recipient[],
  edits: readonly Edit[],
): readonly Recipient[] {
  const remains = remainder(edits)
  const remaining = recipients.filter(({ forwardPath }) => remains(forwardPath))
  return edits.some(({ kind }) => kind === 'redirect')
    ? remaining.map((recipient) => inPlaceOfAll(recipient, recipients))
    : remaining
}

/** One of several to whom all are redirected: the sender hears of it what they want to hear of any. */
function inPlaceOfAll(recipient: Recipient, recipients: readonly Pick<Recipient, 'parameters'>[]): Recipient {
  const { originalRecipient } = recipient.parameters
  const own = originalRecipient === undefined ? {} : { originalRecipient }
  return { ...recipient, parameters: { ...replacedParameters(recipients), ...own } }
}

/** Whom the edits add to a message's recipients, each once. */
export function addedAddresses(
  recipients: readonly Pick<Recipient, 'forwardPath'>[],
  edits: readonly Edit[],
): readonly Address[] {
  const remains = remainder(edits)
  const known = new Set(recipients.map(({ forwardPath }) => addressKey(forwardPath)))
  const added: Address[] = []
  for (const edit of edits) {
    if (edit.kind !== 'add-recipient' && edit.kind !== 'redirect') continue
    const key = addressKey(edit.address)
    if (known.has(key) || !remains(edit.address)) continue
    known.add(key)
    added.push(edit.address)
  }
  return added
}

/** What holds of one whom the edits add: what the first of these edits says, or what those said in whose place it stands. */
export function addedParameters(
  recipients: readonly Pick<Recipient, 'parameters'>[],
  edits: readonly Edit[],
  address: Address,
): RecipientParameters {
  const key = addressKey(address)
  if (edits.some((edit) => edit.kind === 'redirect' && addressKey(edit.address) === key))
    return replacedParameters(recipients)
  const found = edits.find((edit) => edit.kind === 'add-recipient' && addressKey(edit.address) === key)
  return (found?.kind === 'add-recipient' ? found.parameters : undefined) ?? {}
}

type NotifyWord = NonNullable<RecipientParameters['notify']>[number]

/** What holds where the sender says nothing: RFC 3461 §4.1 leaves delays to us. */
const unasked: readonly NotifyWord[] = ['FAILURE', 'DELAY']

/**
 * One for several is told of as of any of them, so that no failure is silent which the sender wants to hear of. What one was called is not
 * what all were.
 */
function replacedParameters(recipients: readonly Pick<Recipient, 'parameters'>[]): RecipientParameters {
  const [first, ...others] = recipients.map(({ parameters }) => parameters)
  if (first === undefined || others.length === 0) return first ?? {}
  const all = [first, ...others]
  if (all.every(({ notify }) => notify === undefined)) return {}
  const events = new Set(all.flatMap(({ notify }) => notify ?? unasked))
  if (events.size > 1) events.delete('NEVER')
  return { notify: [...events] }
}

/** Whether edits take somebody off who is named or who is added, or put another in everybody's place. */
export function takesSomebodyOff(
  recipients: readonly Pick<Recipient, 'forwardPath'>[],
  edits: readonly Edit[],
): boolean {
  const remains = remainder(edits)
  const added = edits.flatMap((edit) => (edit.kind === 'add-recipient' ? [edit.address] : []))
  return ![...recipients.map(({ forwardPath }) => forwardPath), ...added].every(remains)
}

/** Who gets the message, as far as edits say. The order of the edits has no say: whoever is added later is meant as well. */
function remainder(edits: readonly Edit[]): (address: Address) => boolean {
  if (edits.some(({ kind }) => kind === 'discard')) return () => false
  const redirect = edits.findLast((edit) => edit.kind === 'redirect')
  if (redirect !== undefined) {
    const target = addressKey(redirect.address)
    return (address) => addressKey(address) === target
  }
  const removed = new Set(edits.flatMap(removedBy))
  return (address) => !removed.has(addressKey(address))
}

function removedBy(edit: Edit): readonly string[] {
  if (edit.kind !== 'remove-recipient') return []
  const key = addressKey(edit.address)
  return (edit.recipients?.some((other) => addressKey(other) === key) ?? true) ? [key] : []
}
