import { applyEdits } from '../message/apply-edits.ts'
import { addressKey } from '../model/address/address.ts'
import { changesMessage, type Edit } from '../model/edit.ts'
import type { Message } from '../model/message.ts'
import type { Recipient } from '../model/transaction.ts'
import type { Variant } from '../services/queue.ts'
import { remainingRecipients } from './remaining-recipients.ts'

/**
 * The variants of a message after its edits: recipients for whom the same edits hold share one, and whom the edits take
 * it from have none. Without edits that is one variant, the message itself.
 */
export async function makeVariants(
  message: Message,
  recipients: readonly Recipient[],
  edits: readonly Edit[],
): Promise<readonly Variant[]> {
  const groups = new Map<string, { edits: readonly Edit[]; recipients: Recipient[] }>()
  for (const recipient of remainingRecipients(recipients, edits)) {
    const key = addressKey(recipient.forwardPath)
    const own = edits.filter((edit) => concerns(edit, key))
    // Edits of the envelope make no difference to the message.
    const changes = own.filter((edit) => changesMessage(edit) || changesVariant(edit))
    const same = changes.map((edit) => edits.indexOf(edit)).join(' ')
    const group = groups.get(same)
    if (group === undefined) groups.set(same, { edits: changes, recipients: [recipient] })
    else group.recipients.push(recipient)
  }
  return Promise.all([...groups.values()].map((group) => makeVariant(message, group.edits, group.recipients)))
}

async function makeVariant(
  message: Message,
  edits: readonly Edit[],
  recipients: readonly Recipient[],
): Promise<Variant> {
  const quarantine = edits.find((edit) => edit.kind === 'quarantine')?.reason
  return {
    recipients,
    message: edits.some(changesMessage) ? await applyEdits(message, edits) : message,
    ...reversePaths(edits),
    ...(quarantine === undefined ? {} : { quarantine }),
  }
}

/** What edits made of the reverse-path: what was said of all routes holds for remote ones, too, unless said later. */
function reversePaths(edits: readonly Edit[]): Pick<Variant, 'reversePath' | 'remoteReversePath'> {
  let paths: Pick<Variant, 'reversePath' | 'remoteReversePath'> = {}
  for (const edit of edits) {
    if (edit.kind !== 'change-reverse-path') continue
    if (edit.where === 'remote') paths = { ...paths, remoteReversePath: edit.address }
    else paths = { reversePath: edit.address }
  }
  return paths
}

function changesVariant(edit: Edit): boolean {
  return edit.kind === 'quarantine' || edit.kind === 'change-reverse-path'
}

function concerns(edit: Edit, key: string): boolean {
  return edit.recipients?.some((other) => addressKey(other) === key) ?? true
}
