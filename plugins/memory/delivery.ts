import {
  type Account,
  type Appended,
  type AppendMessage,
  type ChangeCause,
  type Clock,
  type Content,
  MailwrightError,
  type RetrievalFlow,
  readAll,
  type StagedMessage,
  type StageOptions,
} from 'mailwright'
import type { AccountData } from './account-data.ts'
import { requireFlags } from './flags.ts'
import type { KeptMessage, MailboxData, NewMessage } from './mailbox-data.ts'
import { reserveRoom } from './quota.ts'

/** What all account stores of one store share. */
export interface StoreContext {
  readonly flow: RetrievalFlow
  readonly clock: Clock
}

/** Whose mailboxes, and with what. */
export interface Place extends StoreContext {
  readonly account: Account
  readonly data: AccountData
}

/** See `AccountStore.stage`. */
export async function stage(
  place: Place,
  mailbox: string,
  content: Content,
  options: StageOptions,
): Promise<StagedMessage> {
  if (!options.create || place.data.has(mailbox)) place.data.mailbox(mailbox)
  const flags = requireFlags(options.flags ?? [])
  const giveBack = reserveRoom(place.account, place.data, content.size)
  try {
    const message = await readMessage(place, { ...options, content, flags })
    return staged(() => store(place, mailbox, message, options), giveBack)
  } catch (error) {
    giveBack()
    throw error
  }
}

/** See `AccountStore.append`. */
export async function append(
  place: Place,
  mailbox: string,
  messages: readonly AppendMessage[],
  { origin, freed = 0 }: { readonly origin: string | undefined; readonly freed: number | undefined },
): Promise<Appended> {
  return withRoom(place, mailbox, messages, freed, (data, read) => ({
    uidValidity: data.uidValidity,
    uids: put(place, data, read, 'append', origin),
  }))
}

/** See `Mailbox.replace`. `remove` takes the other one away. */
export async function replace(
  place: Place,
  { entry: { uid, size } }: KeptMessage,
  message: AppendMessage & { readonly mailbox: MailboxData; readonly origin: string | undefined },
  remove: () => void,
): Promise<Appended | undefined> {
  const { mailbox, origin } = message
  return withRoom(place, mailbox.name, [message], size, (data, read) => {
    if (data !== mailbox || data.find(uid) === undefined) return undefined
    const uids = put(place, data, read, 'append', origin)
    remove()
    return { uidValidity: data.uidValidity, uids }
  })
}

/** Reads messages where there is room for them, but for `freed` octets, and hands them on in one step. */
async function withRoom<T>(
  place: Place,
  mailbox: string,
  messages: readonly AppendMessage[],
  freed: number,
  use: (data: MailboxData, read: readonly NewMessage[]) => T,
): Promise<T> {
  place.data.mailbox(mailbox)
  const known = messages.map((message) => ({ ...message, flags: requireFlags(message.flags ?? []) }))
  const octets = messages.reduce((sum, { content }) => sum + content.size, 0)
  const giveBack = reserveRoom(place.account, place.data, octets - freed)
  try {
    const read: NewMessage[] = []
    for (const message of known) read.push(await readMessage(place, message))
    return use(place.data.mailbox(mailbox), read)
  } finally {
    giveBack()
  }
}

/** Takes a copy of a message, for its source may be disposed of earlier. */
async function readMessage(place: Place, message: AppendMessage): Promise<NewMessage> {
  const { content, flags = [], internalDate = new Date(place.clock.now()), uid, uidl } = message
  const octets = Buffer.from(await readAll(content))
  return { id: place.data.nextId(), flags, internalDate, octets, uid, ...(uidl !== undefined && { uidl }) }
}

function staged(commit: () => void, giveBack: () => void): StagedMessage {
  let state: 'staged' | 'committed' | 'aborted' = 'staged'
  return {
    commit: async () => {
      if (state === 'aborted') throw new MailwrightError('MAIL_E_NOT_FOUND', 'the staged message was aborted')
      if (state === 'committed') return
      commit()
      state = 'committed'
      giveBack()
    },
    abort: async () => {
      if (state !== 'staged') return
      state = 'aborted'
      giveBack()
    },
  }
}

function store(place: Place, mailbox: string, message: NewMessage, options: StageOptions): void {
  const missing = options.create && !place.data.has(mailbox)
  const data = missing ? place.data.create(mailbox) : place.data.mailbox(mailbox)
  put(place, data, [message], options.cause ?? 'append', options.origin)
}

/** Puts messages into a mailbox and tells of it. */
function put(
  place: Place,
  data: MailboxData,
  messages: readonly NewMessage[],
  cause: ChangeCause,
  origin: string | undefined,
): readonly number[] {
  const { name: mailbox, uidValidity } = data
  const uids = data.add(messages, new Date(place.clock.now()))
  const from = origin === undefined ? {} : { origin }
  if (uids.length > 0)
    place.flow.stored({ account: place.account, mailbox, cause, uidValidity, uids, ...from })
  return uids
}
