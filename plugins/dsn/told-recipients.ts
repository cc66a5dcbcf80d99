import type { Header, RecipientAction, ReportedRecipient } from 'mailwright'

/** What a notification is about. Each kind is a message of its own. */
export type NotificationKind = 'failed' | 'delayed' | 'delivered'

/** The kinds in the order of their weight. */
export const notificationKinds: readonly NotificationKind[] = ['failed', 'delayed', 'delivered']

const kindOf: Readonly<Record<RecipientAction, NotificationKind>> = {
  failed: 'failed',
  delayed: 'delayed',
  delivered: 'delivered',
  relayed: 'delivered',
  expanded: 'delivered',
}

/** The recipients of a report with what has become of them in one word, whoever wants to know. */
export function recipientsOf(
  recipients: readonly ReportedRecipient[],
  kind: NotificationKind,
): readonly ReportedRecipient[] {
  return recipients.filter(({ action }) => kindOf[action] === kind)
}

/**
 * Whether the sender wants to know of it (RFC 3461 §4.1). Without NOTIFY it is failures, and delays where `warns` says
 * so: §4.1 leaves these to the system.
 */
export function wantsToKnow({ action, parameters: { notify } }: ReportedRecipient, warns: boolean): boolean {
  const kind = kindOf[action]
  if (notify === undefined) return kind === 'failed' || (kind === 'delayed' && warns)
  const wanted = { failed: 'FAILURE', delayed: 'DELAY', delivered: 'SUCCESS' } as const
  return notify.includes(wanted[kind])
}

const bulk = /^\s*(?:bulk|list|junk)\s*$/i

/** A message that nobody sits and waits for: from a list, or made by a program (RFC 3834 §5). */
export function isAutomatic(header: Header): boolean {
  const submitted = header.first('auto-submitted')?.body.trim().toLowerCase()
  return (
    (submitted !== undefined && submitted !== 'no') ||
    header.first('list-id') !== undefined ||
    bulk.test(header.first('precedence')?.body ?? '')
  )
}
