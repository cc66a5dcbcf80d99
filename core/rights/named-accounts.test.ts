import { createMemoryStore } from 'mailwright/plugins/memory'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Account } from '../model/account.ts'
import { allRights } from '../model/rights.ts'
import type { Resolution } from '../services/accounts.ts'
import { expectCode } from '../testing/contracts/expectations.ts'
import { recordedRetrieval } from '../testing/recorded-retrieval.ts'
import { type GuardedStore, type GuardedStoreOptions, guardedStore } from './guarded-store.ts'
import { MemoryAccessLists } from './memory-access-lists.ts'

const ann: Account = { id: 'id-ann', address: { localPart: 'ann', domain: 'example.org' } }
const bob: Account = { id: 'id-bob', address: { localPart: 'bob', domain: 'example.org' } }
const publicAccount: Account = { id: 'public', address: { localPart: 'public', domain: 'localhost' } }
const work = 'Other Users/ann@example.org/Work'

let lists: MemoryAccessLists
let accounts: Account[]
let store: GuardedStore

beforeEach(async () => {
  lists = new MemoryAccessLists()
  accounts = [ann, bob]
  store = guarded()
  await (await store.open(ann)).createMailbox('Work')
})

/** A store whose accounts have `+details`, and `alias.example` as another domain. */
function guarded(options: Partial<GuardedStoreOptions> = {}): GuardedStore {
  return guardedStore(createMemoryStore(recordedRetrieval()), {
    lists,
    publicAccount,
    accountById: async (id) => accounts.find((account) => account.id === id),
    async resolve({ localPart, domain }): Promise<Resolution> {
      const [user = '', detail] = localPart.toLowerCase().split('+')
      const domains = ['example.org', 'alias.example']
      const account = accounts.find(({ address }) => domains.includes(domain) && address.localPart === user)
      if (account === undefined) return { kind: 'unknown' }
      return { kind: 'account', account, ...(detail === undefined ? {} : { detail }) }
    },
    ...options,
  })
}

const kept = () => lists.read('id-ann', 'Work')
const rightsOf = async (account: Account) => (await store.open(account)).myRights(work)
const setWork = async (identifier: string, rights: string) =>
  (await store.open(ann)).setAccess('Work', identifier, rights)
const ownerLine = { identifier: 'id-ann', rights: allRights, address: ann.address }

describe('an account in an access control list', () => {
  test('has one line, by its id, however it is called', async () => {
    await setWork('id-bob', 'lr')
    await setWork('Bob@Example.org', 'lrs')
    await setWork('-bob@example.org', 's')
    expect(await kept()).toEqual([
      { identifier: 'id-bob', rights: 'lrs' },
      { identifier: '-id-bob', rights: 's' },
    ])
    expect(await rightsOf(bob)).toBe('lr')
    expect(await (await store.open(ann)).accessList('Work')).toEqual([
      ownerLine,
      { identifier: 'id-bob', rights: 'lrs', address: bob.address },
      { identifier: '-id-bob', rights: 's', address: bob.address },
    ])
    await setWork('bob@example.org', '')
    expect(await kept()).toEqual([{ identifier: '-id-bob', rights: 's' }])
    await expectCode(rightsOf(bob), 'MAIL_E_NOT_FOUND')
  })

  test('keeps its rights under another address, and whoever gets that one has none', async () => {
    await setWork('bob@example.org', 'lr')
    const bobby: Account = { ...bob, address: { ...bob.address, localPart: 'bobby' } }
    const newBob: Account = { ...bob, id: 'id-new' }
    accounts = [ann, bobby, newBob]
    expect(await rightsOf(bobby)).toBe('lr')
    await expectCode(rightsOf(newBob), 'MAIL_E_NOT_FOUND')
    expect((await (await store.open(ann)).accessList('Work'))[1]?.address).toEqual(bobby.address)
    accounts = [ann, newBob]
    expect((await (await store.open(ann)).accessList('Work'))[1]).toEqual({
      identifier: 'id-bob',
      rights: 'lr',
    })
    await setWork('id-bob', '')
    expect(await kept()).toEqual([])
  })

  test('is found in older lists, which have addresses, and by its id from its next change on', async () => {
    const older = [
      { identifier: 'anyone', rights: 'l' },
      { identifier: 'bob@example.org', rights: 'rs' },
      { identifier: 'id-bob', rights: 'lr' },
    ]
    await lists.update('id-ann', 'Work', () => older)
    expect(await rightsOf(bob)).toBe('lrs')
    expect(await (await store.open(ann)).accessList('Work')).toEqual([
      ownerLine,
      { identifier: 'anyone', rights: 'l' },
      { identifier: 'id-bob', rights: 'lrs', address: bob.address },
    ])
    await setWork('bob@example.org', 'lri')
    expect(await kept()).toEqual([
      { identifier: 'anyone', rights: 'l' },
      { identifier: 'id-bob', rights: 'lri' },
    ])
    await lists.update('id-ann', 'Work', () => older)
    await setWork('id-bob', '')
    expect(await kept()).toEqual([{ identifier: 'anyone', rights: 'l' }])
  })

  test.each(['bob+detail@example.org', 'bob@alias.example', 'nobody@example.org', 'team'])(
    'is not meant by %s',
    async (identifier) => {
      await setWork('bob@example.org', 'lr')
      await setWork(identifier, 'lrs')
      expect((await kept())[1]).toEqual({ identifier, rights: 'lrs' })
      await setWork(identifier, '')
      expect(await kept()).toEqual([{ identifier: 'id-bob', rights: 'lr' }])
    },
  )

  test('is called by its address where its id would be everybody', async () => {
    accounts.push({ id: 'anyone', address: { localPart: 'odd', domain: 'example.org' } })
    await setWork('odd@example.org', 'lr')
    expect(await kept()).toEqual([{ identifier: 'odd@example.org', rights: 'lr' }])
  })

  test('has no address where the list does not count for it', async () => {
    const apart = guarded({ admits: (_, account) => account.id !== 'id-bob' })
    const opened = await apart.open(ann)
    await opened.setAccess('INBOX', 'id-bob', 'lr')
    expect(await opened.accessList('INBOX')).toEqual([ownerLine, { identifier: 'id-bob', rights: 'lr' }])
  })
})

test('public mailboxes: an account has one line, by its id', async () => {
  const { publicMailboxes } = store
  await publicMailboxes?.create('Shared/Team')
  await publicMailboxes?.setAccess('Shared/Team', 'id-bob', 'lr')
  await publicMailboxes?.setAccess('Shared/Team', 'bob@example.org', 'lrs')
  const list = [{ identifier: 'id-bob', rights: 'lrs', address: bob.address }]
  expect(await publicMailboxes?.accessList('Shared/Team')).toEqual(list)
  expect(await publicMailboxes?.list()).toEqual([{ name: 'Shared/Team', list }])
  await publicMailboxes?.setAccess('Shared/Team', 'bob@example.org', '')
  expect(await lists.read('public', 'Team')).toEqual([])
})

test('public mailboxes: the last who may change a list stays, however a line calls it', async () => {
  await store.publicMailboxes?.create('Shared/Team')
  await lists.update('public', 'Team', () => [{ identifier: 'bob@example.org', rights: 'lra' }])
  const opened = await store.open(bob)
  await expectCode(opened.setAccess('Shared/Team', '-bob@example.org', 'a'), 'MAIL_E_INVALID')
  await opened.setAccess('Shared/Team', '-bob@example.org', 'w')
})

test('without accounts by address a line is kept as it is set', async () => {
  const accountById = async (id: string) => accounts.find((account) => account.id === id)
  const plain = createMemoryStore(recordedRetrieval())
  const opened = await guardedStore(plain, { lists, accountById }).open(ann)
  await opened.setAccess('INBOX', 'bob@example.org', 'lr')
  expect(await lists.read('id-ann', 'INBOX')).toEqual([{ identifier: 'bob@example.org', rights: 'lr' }])
})
