import {
  type AccountStore,
  type Batch,
  bufferContent,
  createMessage,
  type Filing,
  MailwrightError,
  type StageOptions,
  type Store,
} from 'mailwright'
import { addressOf, type CapturedLog, capturedLog } from 'mailwright/testing'
import { describe, expect, it } from 'vitest'
import { StoreDelivery } from './store-delivery.ts'

const address = addressOf('jo@here.example')
const account = { id: 'jo', address }
const message = await createMessage(bufferContent(Buffer.from('Subject: x\r\n\r\nbody\r\n')))

type Refuses = (mailbox: string, options: StageOptions) => string | undefined

/** A store with one account; what it refuses, and what was put where with which flags. */
function storeThat(refuses: Refuses): { readonly store: Store; readonly kept: string[] } {
  const kept: string[] = []
  const opened = {
    async stage(mailbox: string, _: unknown, options: StageOptions) {
      const problem = refuses(mailbox, options)
      if (problem !== undefined) throw new MailwrightError('MAIL_E_UNSUPPORTED', problem)
      const commit = async () => void kept.push([mailbox, ...(options.flags ?? [])].join(' '))
      return { commit, abort: async () => undefined }
    },
  } as unknown as AccountStore
  return { store: { open: async () => opened } as unknown as Store, kept }
}

async function deliver(
  store: Store,
  filings: readonly Filing[],
): Promise<{ log: CapturedLog; kind: string }> {
  const log = capturedLog()
  const delivery = new StoreDelivery(
    store,
    { postmaster: undefined, abuse: undefined, deliveredTo: true },
    log,
  )
  const route = { kind: 'account', account, address } as const
  const { signal } = new AbortController()
  const item = { recipient: address, parameters: {}, reversePath: null, route, message, filings }
  const batch: Batch = { id: 'q1', parameters: {}, kind: 'account', items: [item], atomic: true, signal }
  const [outcome] = await delivery.deliver(batch)
  return { log, kind: outcome?.kind ?? 'none' }
}

describe('a store that keeps less than sorting asks for', () => {
  const hasNoMailboxes: Refuses = (mailbox, { create }) =>
    mailbox !== 'INBOX' || create === true ? 'no mailboxes' : undefined
  const hasNoFlags: Refuses = (_, { flags }) => (flags === undefined ? undefined : 'no flags')
  const hasNothing: Refuses = (mailbox, options) =>
    hasNoMailboxes(mailbox, options) ?? hasNoFlags(mailbox, options)
  const junk: Filing = { kind: 'file', mailbox: 'Junk', create: true, flags: ['$Junk'] }

  it.each<[string, Refuses, readonly Filing[], readonly string[]]>([
    ['without mailboxes', hasNoMailboxes, [junk], ['INBOX $Junk']],
    [
      'without mailboxes, with a copy there',
      hasNoMailboxes,
      [{ kind: 'file', mailbox: 'INBOX' }, junk],
      ['INBOX'],
    ],
    ['without flags', hasNoFlags, [junk], ['Junk']],
    ['without flags, into INBOX', hasNoFlags, [{ ...junk, mailbox: 'INBOX', create: false }], ['INBOX']],
    ['without both', hasNothing, [junk], ['INBOX']],
  ])('gets the message all the same: %s', async (_, refuses, filings, wanted) => {
    const { store, kept } = storeThat(refuses)
    const { kind, log } = await deliver(store, filings)
    expect(kind).toBe('delivered')
    expect(kept).toEqual(wanted)
    expect(log.lines.length).toBeGreaterThan(0)
    for (const line of log.lines) expect(line).toMatchObject({ level: 'warn', event: 'refused' })
  })

  it('is asked later where it cannot take it in any way', async () => {
    const { store } = storeThat(() => 'nothing')
    expect((await deliver(store, [junk])).kind).toBe('deferred')
  })
})

it.each(['Spam (8.5)', '\\Recent', 'Größe', 'x'.repeat(500), ''])(
  'a filing without what is no flag (%j) keeps the others, and the log says so',
  async (flag) => {
    const { store, kept } = storeThat(() => undefined)
    const { log } = await deliver(store, [
      { kind: 'file', mailbox: 'Work', flags: ['\\seen', flag, '$Junk'] },
    ])
    expect(kept).toEqual(['Work \\seen $Junk'])
    expect(log.lines).toMatchObject([
      { level: 'warn', event: 'refused', transaction: 'q1', mailbox: 'Work', flags: [flag.slice(0, 100)] },
    ])
  },
)
