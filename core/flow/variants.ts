import { applyEdits } from '../message/apply-edits.ts'
import { type Address, addressKey } from '../model/address.ts'
import type { Edit } from '../model/edit.ts'
import type { Message } from '../model/message.ts'
import type { Recipient } from '../model/transaction.ts'
import type { Variant } from '../services/queue.ts'

/**
 * The variants of a message after its edits: recipients for whom the same edits hold share one. Without edits that is
 * one variant, the message itself.
 */
export async function makeVariants(
  message: Message,
  recipients: readonly Recipient[],
  edits: readonly Edit[],
): Promise<readonly Variant[]> {
  const groups = new Map<string, { edits: readonly Edit[]; recipients: Recipient[] }>()
  for (const recipient of recipients) {
    const own = edits.filter((edit) => concerns(edit, recipient.forwardPath))
    if (
      own.some(
        (edit) =>
          edit.kind === 'remove-recipient' && addressKey(edit.address) === addressKey(recipient.forwardPath),
      )
    )
      continue
    const key = own.map((edit) => edits.indexOf(edit)).join(' ')
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { edits: own, recipients: [recipient] })
    else group.recipients.push(recipient)
  }
  return Promise.all(
    [...groups.values()].map(async (group) => {
      const changes = group.edits.some((edit) => edit.kind.endsWith('-field') || edit.kind === 'replace-body')
      const quarantine = group.edits.find((edit) => edit.kind === 'quarantine')?.reason
      return {
        recipients: group.recipients,
        message: changes ? await applyEdits(message, group.edits) : message,
        ...(quarantine === undefined ? {} : { quarantine }),
      }
    }),
  )
}

function concerns(edit: Edit, address: Address): boolean {
  return edit.recipients?.some((other) => addressKey(other) === addressKey(address)) ?? true
}
