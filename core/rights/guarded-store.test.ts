import { createMemoryStore } from 'mailwright/plugins/memory'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Account } from '../model/account.ts'
import { allRights } from '../model/rights.ts'
import { overlay } from '../overlay.ts'
import type { Store } from '../services/store.ts'
import { bindContract, type ContractCase, selectCases } from '../testing/contracts/contract.ts'
import { expectCode } from '../testing/contracts/expectations.ts'
import {
  append,
  contentsOf,
  fixtureAccountById,
  namesOf,
  type StoreFixture,
  type StoreNeed,
  sampleMessage,
  storeHas,
  text,
} from '../testing/contracts/store-fixture.ts'
import { sharingCases } from '../testing/contracts/store-sharing.ts'
import { foreignNames } from '../testing/contracts/store-sharing-scene.ts'
import { recordedRetrieval } from '../testing/recorded-retrieval.ts'
import type { AccessLists } from './access-lists.ts'
import { type GuardedStore, guardedStore } from './guarded-store.ts'
import { MemoryAccessLists } from './memory-access-lists.ts'
import type { PublicMailboxes } from './public-mailboxes.ts'

const account: Account = { id: '1', address: { localPart: 'jo', domain: 'example.org' } }
const publicAccount: Account = { id: 'public', address: { localPart: 'public', domain: 'localhost' } }

function guarded(plain: Store, lists: AccessLists): GuardedStore {
  return guardedStore(plain, {
    lists,
    publicAccount,
    accountById: async (id) => fixtureAccountById(account, id),
  })
}

async function create(): Promise<StoreFixture> {
  const store = guarded(createMemoryStore(recordedRetrieval()), new MemoryAccessLists())
  return {
    store,
    account,
    async publicMailbox(name, list) {
      await store.publicMailboxes?.create(`Shared/${name}`)
      for (const { identifier, rights } of list)
        await store.publicMailboxes?.setAccess(`Shared/${name}`, identifier, rights)
    },
  }
}

/** The same as two processes have it, as far as rights are concerned: two stores that share what is kept. */
async function createTwice(): Promise<StoreFixture> {
  const inner = createMemoryStore(recordedRetrieval())
  const plain = overlay(inner, { supports: { ...inner.supports, persistent: true, shared: true } })
  const lists = new MemoryAccessLists()
  return { store: guarded(plain, lists), account, reopen: async () => guarded(plain, lists) }
}

function withNeed(...wanted: readonly StoreNeed[]) {
  const cases = sharingCases.filter(({ needs = [] }) => wanted.some((need) => needs.includes(need)))
  return (probe: StoreFixture): readonly ContractCase<StoreFixture>[] => selectCases(cases, storeHas, probe)
}

// The whole contract is in plugins/memory/store.test.ts; that store has no public mailboxes.
bindContract('a store with access rights: sharing', create, withNeed('rights'))
bindContract('two stores with the same access rights: sharing', createTwice, withNeed('persistent', 'shared'))

test('what asks for lists is bounded, however many levels a name has', async () => {
  const lists = new MemoryAccessLists()
  let calls = 0
  const counted: AccessLists = overlay<AccessLists>(lists, {
    async removed(owner, mailboxes) {
      calls += 1
      expect(mailboxes.length).toBeLessThanOrEqual(500)
      await lists.removed(owner, mailboxes)
    },
  })
  const store = await guarded(createMemoryStore(recordedRetrieval()), counted).open(account)
  await store.setAccess('INBOX', 'anyone', 'l')
  const deep = `a${'/a'.repeat(1000)}`
  await expectCode(store.createMailbox(deep), 'MAIL_E_INVALID')
  await expectCode(store.renameMailbox('INBOX', deep), 'MAIL_E_INVALID')
  await expectCode(append(store, [sampleMessage()], deep), 'MAIL_E_NOT_FOUND')
  expect(calls).toBe(0)
  await store.createMailbox('a/b/c/d')
  expect(calls).toBe(1)
})

test('lists go with the mailboxes below a level that is none', async () => {
  const store = await guarded(createMemoryStore(recordedRetrieval()), new MemoryAccessLists()).open(account)
  for (const name of ['a/b/c', 'a/d']) await store.createMailbox(name)
  for (const name of ['a/b', 'a']) await store.deleteMailbox(name)
  await store.setAccess('a/b/c', 'anyone', 'lr')
  await store.renameMailbox('a', 'x/y')
  expect(await namesOf(store)).toEqual(['INBOX', 'x', 'x/y/b/c', 'x/y/d'])
  expect((await store.accessList('x/y/b/c')).slice(1)).toMatchObject([{ identifier: 'anyone', rights: 'lr' }])
  expect((await store.accessList('x/y/d')).slice(1)).toEqual([])
})

test('no account may have the id of the one that holds the public mailboxes', async () => {
  const store = guarded(createMemoryStore(recordedRetrieval()), new MemoryAccessLists())
  const impostor = { ...account, id: publicAccount.id }
  await expectCode(store.open(impostor), 'MAIL_E_INVALID')
  await expectCode(store.examine(impostor, { repair: true }), 'MAIL_E_INVALID')
  const without = guardedStore(createMemoryStore(recordedRetrieval()), {
    lists: new MemoryAccessLists(),
    accountById: async () => undefined,
  })
  expect(without.publicMailboxes).toBeUndefined()
  expect(await namesOf(await without.open(impostor))).toEqual(['INBOX'])
})

describe('public mailboxes, for whoever runs the system', () => {
  let lists: MemoryAccessLists
  let plain: Store
  let store: GuardedStore
  let mailboxes: PublicMailboxes

  beforeEach(() => {
    plain = createMemoryStore(recordedRetrieval())
    lists = new MemoryAccessLists()
    store = guarded(plain, lists)
    if (store.publicMailboxes === undefined) throw new TypeError('there are none')
    mailboxes = store.publicMailboxes
  })

  test('are made closed, opened, and deleted with their lists and messages', async () => {
    await mailboxes.create('Shared/Team/Minutes')
    await mailboxes.setAccess('Shared/Team', account.id, 'lri')
    const opened = await store.open(account)
    expect(await foreignNames(opened)).toEqual(['Shared/Team'])
    const message = sampleMessage()
    await append(opened, [message], 'Shared/Team')
    expect(await contentsOf(opened, 'Shared/Team')).toEqual([text(message)])
    expect(await mailboxes.list()).toMatchObject([
      { name: 'Shared/Team', list: [{ identifier: account.id, rights: 'lri' }] },
      { name: 'Shared/Team/Minutes', list: [] },
    ])
    await mailboxes.delete('Shared/Team')
    await mailboxes.create('Shared/Team')
    expect(await mailboxes.accessList('Shared/Team')).toEqual([])
    expect(await foreignNames(opened)).toEqual([])
    await expectCode(mailboxes.create('Shared/Team'), 'MAIL_E_EXISTS')
  })

  test('begin with the list of the level above', async () => {
    await mailboxes.setAccess('Shared', 'anyone', 'lr')
    await mailboxes.create('Shared/Team')
    await mailboxes.setAccess('Shared/Team', account.id, allRights)
    await mailboxes.create('Shared/Team/Minutes')
    const anyone = { identifier: 'anyone', rights: 'lr' }
    const own = { identifier: account.id, rights: allRights }
    expect(await mailboxes.list()).toMatchObject([
      { name: 'Shared', list: [anyone] },
      { name: 'Shared/Team', list: [anyone, own] },
      { name: 'Shared/Team/Minutes', list: [anyone, own] },
    ])
    const opened = await store.open(account)
    await expectCode(opened.createMailbox('Shared/Mine'), 'MAIL_E_PERMISSION')
    await mailboxes.setAccess('Shared', account.id, 'k')
    await opened.createMailbox('Shared/Mine')
    expect(await mailboxes.accessList('Shared/Mine')).toMatchObject([anyone, { ...own, rights: 'k' }])
  })

  test('may be closed to the last who could open them', async () => {
    await mailboxes.create('Shared/Team')
    await mailboxes.setAccess('Shared/Team', account.id, 'la')
    await mailboxes.setAccess('Shared/Team', account.id, '')
    expect(await mailboxes.accessList('Shared/Team')).toEqual([])
  })

  test('are no INBOX, no account’s mailbox, nothing malformed, and nothing that does not exist', async () => {
    await mailboxes.create('Shared/Shared')
    for (const name of ['Team', 'Shared/', 'Shared/INBOX', 'Shared/inbox', 'Other Users/a@b/Work', '']) {
      await expectCode(mailboxes.create(name), 'MAIL_E_INVALID')
      await expectCode(mailboxes.delete(name), 'MAIL_E_INVALID')
      await expectCode(mailboxes.setAccess(name, 'anyone', 'l'), 'MAIL_E_INVALID')
    }
    await expectCode(mailboxes.create('Shared'), 'MAIL_E_INVALID')
    await expectCode(mailboxes.delete('Shared/Nowhere'), 'MAIL_E_NOT_FOUND')
    await expectCode(mailboxes.accessList('Shared/Nowhere'), 'MAIL_E_NOT_FOUND')
    await expectCode(mailboxes.setAccess('Shared/Nowhere', 'anyone', 'l'), 'MAIL_E_NOT_FOUND')
    await expectCode(mailboxes.setAccess('Shared/Shared', 'anyone', 'l?'), 'MAIL_E_INVALID')
    await expectCode(mailboxes.setAccess('Shared/Shared', '--', 'l'), 'MAIL_E_INVALID')
    expect(await mailboxes.list()).toMatchObject([{ name: 'Shared/Shared', list: [] }])
  })
})

test('examining reaches the plain store and the lists, of accounts and of public mailboxes', async () => {
  const inner = createMemoryStore(recordedRetrieval())
  const plain = overlay(inner, {
    examine: async ({ id }, { repair }) => [{ mailbox: 'Work', problem: `of ${id}`, remedy: `${repair}` }],
  })
  const lists = overlay<AccessLists>(new MemoryAccessLists(), {
    examine: async (owner, { repair }) => [
      { mailbox: '', problem: `lists of ${owner}`, remedy: `${repair}` },
    ],
  })
  const store = guarded(plain, lists)
  expect(await store.examine(account, { repair: true })).toEqual([
    { mailbox: 'Work', problem: 'of 1', remedy: 'true' },
    { mailbox: '', problem: 'lists of 1', remedy: 'true' },
  ])
  expect(await store.publicMailboxes?.examine({ repair: false })).toEqual([
    { mailbox: 'Shared/Work', problem: 'of public', remedy: 'false' },
    { mailbox: 'Shared', problem: 'lists of public', remedy: 'false' },
  ])
})
