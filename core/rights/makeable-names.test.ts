import { createMemoryStore } from 'mailwright/plugins/memory'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Account } from '../model/account.ts'
import { allRights } from '../model/rights.ts'
import type { AccountStore, Store } from '../services/store.ts'
import { expectCode } from '../testing/contracts/expectations.ts'
import {
  append,
  contentsOf,
  deliver,
  namesOf,
  sampleMessage,
  stage,
} from '../testing/contracts/store-fixture.ts'
import { recordedRetrieval } from '../testing/recorded-retrieval.ts'
import { type GuardedStore, guardedStore } from './guarded-store.ts'
import { MemoryAccessLists } from './memory-access-lists.ts'

const accountOf = (id: string): Account => ({ id, address: { localPart: id, domain: 'example.org' } })

let plain: Store
let store: GuardedStore
let ann: AccountStore

beforeEach(async () => {
  plain = createMemoryStore(recordedRetrieval())
  store = guardedStore(plain, {
    lists: new MemoryAccessLists(),
    accountById: async (id) => accountOf(id),
    publicAccount: accountOf('public'),
  })
  ann = await store.open(accountOf('ann'))
  await ann.createMailbox('Work')
})

describe('a level "." or ".."', () => {
  test.each(['.', '..', 'a/../b', 'Work/.', '../x'])('is in no name of a new mailbox: %s', async (name) => {
    await ann.setAccess('Work', 'bob', allRights)
    const bob = await store.open(accountOf('bob'))
    const theirs = `Other Users/ann@example.org/Work/${name}`
    for (const call of [
      ann.createMailbox(name),
      ann.renameMailbox('Work', name),
      ann.renameMailbox('INBOX', name),
      stage(ann, sampleMessage(), name, { create: true }),
      bob.createMailbox(theirs),
      stage(bob, sampleMessage(), theirs, { create: true }),
      Promise.resolve(store.publicMailboxes?.create(`Shared/${name}`)),
    ])
      await expectCode(call, 'MAIL_E_INVALID')
    expect(await namesOf(ann)).toEqual(['INBOX', 'Work'])
  })

  test('keeps nobody from a mailbox that has it', async () => {
    const inner = await plain.open(ann.account)
    for (const name of ['..', 'Work/../x']) await inner.createMailbox(name)
    await deliver(ann, sampleMessage('one'), '..', { create: true })
    await append(ann, [sampleMessage('two')], '..')
    expect(await contentsOf(ann, '..')).toHaveLength(2)
    await ann.renameMailbox('..', 'Dots')
    await ann.renameMailbox('Work', 'Job')
    await ann.deleteMailbox('Job/../x')
    expect(await namesOf(ann)).toEqual(['INBOX', 'Dots', 'Job', 'Job/..'])
  })

  test('is not any level with dots', async () => {
    for (const name of ['...', '.hidden', 'a.b', 'c/..d']) await ann.createMailbox(name)
    await deliver(ann, sampleMessage(), 'e.f', { create: true })
    expect(await namesOf(ann)).toEqual(['INBOX', '...', '.hidden', 'Work', 'a.b', 'c', 'c/..d', 'e.f'])
  })
})
