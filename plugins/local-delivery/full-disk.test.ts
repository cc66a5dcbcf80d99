import {
  type Account,
  type AccountStore,
  type Batch,
  bufferContent,
  createLog,
  createMessage,
  type Filing,
  type Store,
} from 'mailwright'
import { type FileSystemFault, faultyFileSystem } from 'mailwright/testing'
import { afterEach, expect, test } from 'vitest'
import { createTestMaildir } from '../../test/support/stores/maildir.ts'
import { createTestMbox } from '../../test/support/stores/mbox.ts'
import { StoreDelivery } from './store-delivery.ts'

// A disk that has room for messages and none for mailboxes, or none at the last moment; the queue tries again.

interface World {
  readonly store: Store
  readonly account: Account
  readonly mailboxes: AccountStore
  names(directory: string): Promise<readonly string[]>
  remove(): Promise<void>
  fail(fault: FileSystemFault): () => boolean
  /** The making of the mailbox Work fails. */
  readonly making: FileSystemFault
  /** The commit of a message into Work fails. */
  readonly showing: FileSystemFault
  /** Where messages are that are staged. */
  readonly waiting: readonly string[]
}

const quotaBytes = 450
const worlds: Readonly<Record<string, () => Promise<World>>> = {
  async maildir() {
    const { options } = await createTestMaildir()
    const { fileSystem: files, fail } = faultyFileSystem(options.files)
    const making = { call: 'mkdir', path: '/.Work', error: 'ENOSPC' }
    const showing = { call: 'rename', path: '/.Work/new', error: 'EIO' }
    const made = await createTestMaildir({ root: options.root, files, quotaBytes })
    return { ...made, fail, making, showing, waiting: ['tmp', '.Work/tmp'] }
  },
  async mbox() {
    const { options } = await createTestMbox()
    const { fileSystem: files, fail } = faultyFileSystem(options.files)
    const making = { call: 'open', path: '/mail/Work', error: 'ENOSPC' }
    const showing = { call: 'file.write', path: '/mail/Work', error: 'EIO' }
    const made = await createTestMbox({ root: options.root, files, quotaBytes })
    return { ...made, fail, making, showing, waiting: ['mail/.mailwright/spool'] }
  },
}

const made: World[] = []
afterEach(async () => {
  for (const each of made.splice(0)) await each.remove()
})

async function world(kind: string): Promise<World> {
  const world = await worlds[kind]?.()
  if (world === undefined) throw new TypeError(`no store ${kind}`)
  made.push(world)
  return world
}

/** Delivers a message of 100 octets, and answers what came of it. */
async function deliver({ store, account }: World, filings: readonly Filing[]): Promise<string | undefined> {
  const message = await createMessage(bufferContent(Buffer.from(`Subject: x\r\n\r\n${'x'.repeat(84)}\r\n`)))
  const { address } = account
  const route = { kind: 'account', account, address } as const
  const item = { recipient: address, parameters: {}, reversePath: null, route, message, filings }
  const { signal } = new AbortController()
  const batch: Batch = { id: 'q1', parameters: {}, kind: 'account', items: [item], atomic: true, signal }
  const options = { postmaster: undefined, abuse: undefined, deliveredTo: false }
  const [outcome] = await new StoreDelivery(store, options, createLog('silent')).deliver(batch)
  return outcome?.kind
}

const intoInbox: Filing = { kind: 'file', mailbox: 'INBOX' }
const intoWork: Filing = { kind: 'file', mailbox: 'Work', create: true }

test.each(Object.keys(worlds))(
  '%s: no attempt leaves a copy where a mailbox cannot be made',
  async (kind) => {
    const here = await world(kind)
    const { mailboxes, names, waiting } = here
    for (let attempt = 0; attempt < 5; attempt++) {
      here.fail(here.making)
      expect(await deliver(here, [intoInbox, intoWork]), `attempt ${attempt}`).toBe('deferred')
      expect(await mailboxes.status('INBOX')).toMatchObject({ messages: 0 })
      expect(await names(waiting[0] ?? '')).toEqual([])
    }
    expect(await deliver(here, [intoInbox, intoWork])).toBe('delivered')
    for (const name of ['INBOX', 'Work']) expect(await mailboxes.status(name)).toMatchObject({ messages: 1 })
  },
)

test.each(Object.keys(worlds))(
  '%s: a copy that cannot be shown keeps no room for the others',
  async (kind) => {
    const here = await world(kind)
    const { mailboxes, names, waiting } = here
    await mailboxes.createMailbox('Work')
    for (let attempt = 0; attempt < 5; attempt++) {
      const end = here.fail(here.showing)
      expect(await deliver(here, [intoWork, intoInbox]), `attempt ${attempt}`).toBe('deferred')
      expect(end()).toBe(true)
      expect(await mailboxes.usage()).toEqual({ bytes: 0, messages: 0 })
      for (const directory of waiting) expect(await names(directory)).toEqual([])
    }
    expect(await deliver(here, [intoWork, intoInbox])).toBe('delivered')
    for (const name of ['INBOX', 'Work']) expect(await mailboxes.status(name)).toMatchObject({ messages: 1 })
  },
)
