import type { ImapArguments, ImapNews, ImapSession } from 'mailwright/imap'
import { no, Refusal } from '../../engine/result.ts'
import { FetchedItems } from '../fetch/fetched-items.ts'
import { messageEvents, type NotifyEvent, supportedEvents } from './events.ts'
import { type FilteredMailbox, type MailboxFilter, readMailboxFilter } from './mailbox-filter.ts'

/** More groups are not asked for each mailbox. */
const mostGroups = 100

interface EventGroup<Filter = MailboxFilter> {
  readonly filter: Filter
  /** Empty for NONE. */
  readonly events: ReadonlySet<NotifyEvent>
  /** What is fetched of new messages. */
  readonly items: FetchedItems | undefined
}

type SelectedFilter = Extract<MailboxFilter, { readonly kind: 'selected' }>
type OthersFilter = Extract<MailboxFilter, { readonly kind: 'others' }>

/** What a client wants to be told of, by mailboxes. */
export class EventGroups {
  readonly selected: EventGroup<SelectedFilter> | undefined
  readonly #others: readonly EventGroup<OthersFilter>[]

  constructor(groups: readonly EventGroup[]) {
    this.selected = groups.find(isOfSelected)
    this.#others = groups.filter(isOfOthers)
  }

  /** Of the selected mailbox; nothing where no group is about it (RFC 5465 §3.1). */
  get news(): ImapNews {
    const events = this.selected?.events
    return { messages: events?.has('MessageNew') === true, flags: events?.has('FlagChange') === true }
  }

  /** Whether some mailboxes are of interest without being selected. */
  get areOfOthers(): boolean {
    return this.#others.some(({ events }) => events.size > 0)
  }

  get areOfSubscriptions(): boolean {
    return this.#others.some(
      ({ filter, events }) => filter.isOfSubscriptions || events.has('SubscriptionChange'),
    )
  }

  get areOfServer(): boolean {
    return this.#others.some(({ events }) => events.has('ServerMetadataChange'))
  }

  /** Mailboxes that the client names itself. */
  get names(): ReadonlySet<string> {
    return new Set(this.#others.flatMap(({ filter, events }) => (events.size > 0 ? filter.names : [])))
  }

  /** Those that must be watched; all also where the list of them matters. */
  get watched(): readonly string[] | 'all' {
    const areNamed = this.#others.every(
      ({ filter, events }) =>
        events.size === 0 || (filter.isOfNames && [...events].every((event) => messageEvents.has(event))),
    )
    return areNamed ? [...this.names] : 'all'
  }

  /**
   * What the client is told of a mailbox that is not selected: what any of the groups says that are about it
   * (RFC 5465 §6), up to one that says NONE.
   */
  eventsOf(mailbox: FilteredMailbox): ReadonlySet<NotifyEvent> {
    const wanted = new Set<NotifyEvent>()
    for (const { filter, events } of this.#others) {
      if (!filter.matches(mailbox)) continue
      if (events.size === 0) break
      for (const event of events) wanted.add(event)
    }
    return wanted
  }
}

function isOfSelected(group: EventGroup): group is EventGroup<SelectedFilter> {
  return group.filter.kind === 'selected'
}

function isOfOthers(group: EventGroup): group is EventGroup<OthersFilter> {
  return group.filter.kind === 'others'
}

/** Reads event-groups (RFC 5465 §8). */
export function readEventGroups(args: ImapArguments, session: ImapSession): EventGroups {
  const groups = [readGroup(args, session)]
  while (args.takes(' ')) groups.push(readGroup(args, session))
  if (groups.filter(isOfSelected).length > 1) args.fail('Only one group can be about the selected mailbox')
  if (groups.length > mostGroups) throw new Refusal(no('Too many groups', 'NOTIFICATIONOVERFLOW'))
  return new EventGroups(groups)
}

function readGroup(args: ImapArguments, session: ImapSession): EventGroup {
  args.expects('(')
  const filter = readMailboxFilter(args)
  args.space()
  const items = new FetchedItems(session)
  const listed = args.takes('NONE') ? [] : args.list(() => readEvent(args, session, items), 1)
  args.expects(')')
  const events = new Set(listed)
  if (events.has('MessageNew') !== events.has('MessageExpunge'))
    args.fail('MessageNew and MessageExpunge go together')
  if (events.has('FlagChange') && !events.has('MessageNew')) args.fail('FlagChange needs MessageNew')
  if (filter.kind === 'selected' && listed.some((event) => !messageEvents.has(event)))
    args.fail('Of the selected mailbox only messages are told')
  // RFC 5465 §8, message-event.
  if (filter.kind !== 'selected' && items.attributes.size > 0)
    args.fail('What is fetched is only of the selected mailbox')
  return { filter, events, items: items.attributes.size === 0 ? undefined : items }
}

function readEvent(args: ImapArguments, { server }: ImapSession, items: FetchedItems): NotifyEvent {
  const name = args.atom().toLowerCase()
  const supported = supportedEvents(server.store.supports)
  const event = supported.find((each) => each.toLowerCase() === name)
  if (event === undefined)
    throw new Refusal(no('There is no such event here', `BADEVENT (${supported.join(' ')})`))
  if (event === 'MessageNew' && args.takes(' (')) readItems(args, items)
  return event
}

/** RFC 5465 §8: fetch-att, without macros. */
function readItems(args: ImapArguments, items: FetchedItems): void {
  do items.read(args)
  while (args.takes(' '))
  args.expects(')')
}
