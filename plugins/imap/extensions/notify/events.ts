import type { StoreAbilities } from 'mailwright'

/** What a client can be told of, by the names of RFC 5465 §5. Annotations of messages there are none. */
const events = [
  'MessageNew',
  'MessageExpunge',
  'FlagChange',
  'MailboxName',
  'SubscriptionChange',
  'MailboxMetadataChange',
  'ServerMetadataChange',
] as const

export type NotifyEvent = (typeof events)[number]

/** Those that are about messages: all that there is to be told of the selected mailbox. */
export const messageEvents: ReadonlySet<NotifyEvent> = new Set(['MessageNew', 'MessageExpunge', 'FlagChange'])

/** Those that a store can tell of. */
export function supportedEvents({ metadata, subscriptions }: StoreAbilities): readonly NotifyEvent[] {
  return events.filter((event) => {
    if (event.endsWith('MetadataChange')) return metadata
    return event !== 'SubscriptionChange' || subscriptions
  })
}
