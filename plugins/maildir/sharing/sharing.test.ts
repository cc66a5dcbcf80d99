import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import {
  type Account,
  type AccountStore,
  allRights,
  bufferContent,
  type Notifier,
  parseAddress,
  type StageOptions,
} from 'mailwright'
import type { GuardedStore } from 'mailwright/rights'
import { expectCode, type FaultyFileSystem, faultyFileSystem } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { dyingFiles } from '../../../test/support/faults/dying-files.ts'
import { unsyncedFiles } from '../../../test/support/faults/failing-files.ts'
import { createTestMaildir, type TestMaildir } from '../../../test/support/stores/maildir.ts'
import { MaildirStore } from '../account/maildir-store.ts'
import { type FileSystem, nodeFileSystem } from '../files/file-system.ts'
import { type SharingServices, sharedStore } from './sharing.ts'
import { publicAccount } from './sharing-account.ts'

const silent: Notifier = { publish() {}, subscribe: () => () => undefined }
const accounts = new Map(['ann', 'bob', 'carol'].map((name) => [name, accountOf(name)]))
const directory: SharingServices['accounts'] = {
  byId: async (id) => accounts.get(id),
  async resolve({ localPart }) {
    const account = accounts.get(localPart)
    return account === undefined ? { kind: 'unknown' } : { kind: 'account', account }
  },
}

let maildir: TestMaildir
let fault: FaultyFileSystem<FileSystem>
let store: GuardedStore

function accountOf(id: string): Account {
  const address = parseAddress(`${id}@example.org`)
  if (address === undefined) throw new TypeError('not an address')
  return { id, address }
}

function shared(plain: MaildirStore, files?: FileSystem): GuardedStore {
  const options = { ...maildir.options, ...(files === undefined ? {} : { files }) }
  return sharedStore(plain, options, { accounts: directory, notifier: silent })
}

/** As another process has it. */
function anotherProcess(files: FileSystem = maildir.options.files): GuardedStore {
  return shared(new MaildirStore({ ...maildir.options, files }), files)
}

beforeEach(async () => {
  fault = faultyFileSystem(unsyncedFiles(nodeFileSystem))
  maildir = await createTestMaildir({ files: fault.fileSystem })
  store = shared(maildir.store)
})
afterEach(() => maildir.remove())

const open = (id: string, from: GuardedStore = store): Promise<AccountStore> => from.open(accountOf(id))

async function names(opened: AccountStore): Promise<readonly string[]> {
  return (await opened.mailboxes()).map(({ name }) => name)
}

async function deliver(opened: AccountStore, mailbox: string, options: StageOptions = {}): Promise<void> {
  await (await opened.stage(mailbox, bufferContent(Buffer.from('x\r\n')), options)).commit()
}

describe('where nobody shares anything', () => {
  /** How many calls to the file system something takes. */
  async function callsOf(work: () => Promise<unknown>): Promise<number> {
    const before = fault.calls.length
    await work()
    return fault.calls.length - before
  }

  it('opening an account and listing a hundred mailboxes takes one call more', async () => {
    for (let index = 0; index < 99; index++) await maildir.mailboxes.createMailbox(`m${index}`)
    const list = async (from: MaildirStore | GuardedStore) => (await from.open(maildir.account)).mailboxes()
    expect(await list(store)).toEqual(await list(maildir.store))
    const first = await callsOf(() => list(new MaildirStore(maildir.options)))
    const fresh = anotherProcess()
    expect(await callsOf(() => list(fresh))).toBe(first + 1)
    // What has changed a moment ago is read again.
    await pause(50)
    for (const from of [maildir.store, fresh]) await list(from)
    const plain = await callsOf(() => list(maildir.store))
    for (const from of [store, fresh]) expect(await callsOf(() => list(from))).toBe(plain + 1)
  })

  it.each<[string, (opened: AccountStore) => Promise<unknown>, number]>([
    ['opening a mailbox', (opened) => opened.openMailbox('INBOX'), 0],
    ['a delivery', (opened) => deliver(opened, 'INBOX', { create: true }), 0],
    ['a delivery that makes its mailbox', (opened) => deliver(opened, 'New/Sub', { create: true }), 1],
    ['making a mailbox', (opened) => opened.createMailbox('New/Sub'), 1],
  ])('%s takes as many calls as ever, or a look more', async (_, work, more) => {
    const calls: number[] = []
    for (const from of [maildir.store, store]) {
      const account = accountOf(`of-${calls.length}`)
      const opened = await from.open(account)
      calls.push(await callsOf(() => work(opened)))
    }
    expect(calls[1]).toBe((calls[0] ?? 0) + more)
  })

  it('nothing is made on the disk', async () => {
    const [ann, bob] = [await open('ann'), await open('bob')]
    await ann.createMailbox('Work')
    await deliver(ann, 'Work/New', { create: true })
    await ann.renameMailbox('Work', 'Old')
    await ann.deleteMailbox('Old')
    await names(bob)
    for (const name of ['Other Users/ann@example.org/INBOX', 'Shared/Team'])
      await expectCode(bob.openMailbox(name), 'MAIL_E_NOT_FOUND')
    await expectCode(bob.createMailbox('Shared/Team'), 'MAIL_E_PERMISSION')
    await (await bob.watch('all', () => undefined)).release()
    await store.examine(accountOf('ann'), { repair: true })
    expect(await readdir(maildir.options.root)).toEqual(['example.org'])
  })
})

describe('on the disk', () => {
  it('lists lie beside the accounts, for the user of the server only', async () => {
    const ann = await open('ann')
    await ann.setAccess('INBOX', 'bob', 'lr')
    const directory = join(maildir.options.root, '.sharing')
    const files = (await readdir(directory)).filter((name) => name !== 'tmp')
    expect(files.map((name) => name.split('.')[0]).sort()).toEqual(['lists', 'sharers'])
    for (const name of files) expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600)
    expect((await stat(directory)).mode & 0o777).toBe(0o700)
    await ann.setAccess('INBOX', 'bob', '')
    expect(await readdir(directory)).toEqual(['tmp'])
  })

  it('what is opened to an address is kept by the id of the account, and taken away by either', async () => {
    const ann = await open('ann')
    await ann.setAccess('INBOX', 'bob@example.org', 'lr')
    expect(await ann.accessList('INBOX')).toMatchObject([{ identifier: 'ann' }, { identifier: 'bob' }])
    await ann.setAccess('INBOX', 'bob', '')
    expect(await ann.accessList('INBOX')).toHaveLength(1)
  })

  it('public mailboxes lie in a Maildir of their own, wherever those of accounts are', async () => {
    for (const path of ['{domain}/{user}/Maildir', '{id}']) {
      const options = { ...maildir.options, root: join(maildir.options.root, path), path }
      const plain = new MaildirStore(options)
      const services = { accounts: directory, notifier: silent }
      const guarded = sharedStore(plain, options, services)
      await (await guarded.open(accountOf('ann'))).mailboxes()
      await guarded.publicMailboxes?.create('Shared/Team')
      await guarded.publicMailboxes?.setAccess('Shared/Team', 'anyone', 'lri')
      await deliver(await open('ann', guarded), 'Shared/Team')
      expect(await readdir(join(options.root, '.shared/Maildir/.Team/new'))).toHaveLength(1)
      await plain.close()
    }
  })

  it('no account reaches them as its own', async () => {
    await expectCode(store.open({ ...accountOf('ann'), id: publicAccount.id }), 'MAIL_E_INVALID')
  })
})

describe('several processes', () => {
  it('what one gives or takes, the other knows at once', async () => {
    const ann = await open('ann')
    await ann.createMailbox('Work')
    const bob = await open('bob', anotherProcess())
    expect(await names(bob)).toEqual(['INBOX'])
    await ann.setAccess('Work', 'bob', 'lr')
    const theirs = 'Other Users/ann@example.org/Work'
    expect(await names(bob)).toEqual(['INBOX', theirs])
    const work = await bob.openMailbox(theirs)
    await ann.setAccess('Work', 'bob', '')
    await expectCode(work.refresh(), 'MAIL_E_NOT_FOUND')
    expect(await names(bob)).toEqual(['INBOX'])
  })

  it('lose no line of each other', async () => {
    const openings = [await open('ann'), await open('ann', anotherProcess())]
    await Promise.all(
      Array.from({ length: 16 }, (_, index) => openings[index % 2]?.setAccess('INBOX', `id-${index}`, 'lr')),
    )
    expect(await openings[0]?.accessList('INBOX')).toHaveLength(17)
  })

  it('one that dies leaves the old lists or the new ones, and others find what is open', async () => {
    const change = async (from: GuardedStore): Promise<unknown> => {
      const ann = await open('ann', from)
      await ann.setAccess('Work', 'carol', 'lr')
      return ann.setAccess('Work', 'bob', '')
    }
    const theirs = 'Other Users/ann@example.org/Work'
    const before = await open('ann')
    await before.createMailbox('Work')
    for (let dieAt = 0; ; dieAt++) {
      await rm(join(maildir.options.root, '.sharing'), { recursive: true, force: true })
      await before.setAccess('Work', 'bob', 'lr')
      const dying = dyingFiles(nodeFileSystem, dieAt)
      const done = change(anotherProcess(dying.files)).then(() => true)
      const lived = await Promise.race([done, dying.death.then(() => false)])
      await dying.bury()
      const next = anotherProcess()
      const ann = await open('ann', next)
      const given = new Set((await ann.accessList('Work')).map(({ identifier }) => identifier))
      for (const who of ['bob', 'carol'])
        expect(await names(await open(who, next)), `${who}, dead at ${dieAt}`).toEqual(
          given.has(who) ? ['INBOX', theirs] : ['INBOX'],
        )
      expect(await next.examine(accountOf('ann'), { repair: false })).toEqual([])
      await ann.setAccess('Work', 'bob', 'lrs')
      expect(await (await open('bob', next)).myRights(theirs)).toBe('lrs')
      if (lived) break
      expect(dieAt).toBeLessThan(1000)
    }
  })
})

describe('repairing', () => {
  const sharing = (): string => join(maildir.options.root, '.sharing')

  it('finds an index of access rights that was lost, and makes it anew', async () => {
    const [ann, bob] = [await open('ann'), await open('bob')]
    await ann.setAccess('INBOX', 'bob', 'lr')
    for (const name of await readdir(sharing()))
      if (name.startsWith('sharers.')) await rm(join(sharing(), name))
    expect(await names(bob)).toEqual(['INBOX'])
    const fault = { mailbox: 'INBOX', remedy: 'the index of access rights is made anew' }
    expect(await store.examine(accountOf('ann'), { repair: false })).toMatchObject([fault])
    expect(await names(bob)).toEqual(['INBOX'])
    expect(await store.examine(accountOf('ann'), { repair: true })).toMatchObject([fault])
    expect(await names(bob)).toEqual(['INBOX', 'Other Users/ann@example.org/INBOX'])
    expect(await store.examine(accountOf('ann'), { repair: true })).toEqual([])
  })

  it('sets damaged lists aside, and reaches the mailboxes as ever', async () => {
    const [ann, bob] = [await open('ann'), await open('bob')]
    await ann.setAccess('INBOX', 'bob', allRights)
    const [list = ''] = (await readdir(sharing())).filter((name) => name.startsWith('lists.'))
    const octets = await readFile(join(sharing(), list))
    await writeFile(join(sharing(), list), octets.subarray(0, 40))
    await writeFile(join(maildir.path, 'mailwright-index'), 'damaged')
    expect(await names(bob)).toEqual(['INBOX'])
    const faults = [{ mailbox: 'INBOX' }, { mailbox: '' }]
    expect(await store.examine(accountOf('ann'), { repair: false })).toMatchObject(faults)
    expect(await store.examine(accountOf('ann'), { repair: true })).toMatchObject(faults)
    expect(await store.examine(accountOf('ann'), { repair: false })).toEqual([])
    expect((await readdir(sharing())).map((name) => name.split('.')[0]).sort()).toEqual([
      'damaged',
      'sharers',
      'tmp',
    ])
    await ann.setAccess('INBOX', 'bob', 'lr')
    expect(await names(bob)).toEqual(['INBOX', 'Other Users/ann@example.org/INBOX'])
  })
})
