import { createMemoryStore } from 'mailwright/plugins/memory'
import { expect, test } from 'vitest'
import type { Account } from '../model/account.ts'
import { allRights } from '../model/rights.ts'
import { overlay } from '../overlay.ts'
import { contentsOf, deliver, namesOf, sampleMessage, stage } from '../testing/contracts/store-fixture.ts'
import { recordedRetrieval } from '../testing/recorded-retrieval.ts'
import { guardedStore } from './guarded-store.ts'
import { MemoryAccessLists } from './memory-access-lists.ts'

const accountOf = (localPart: string): Account => ({
  id: localPart,
  address: { localPart, domain: 'example.org' },
})
const theirs = 'Other Users/ann@example.org/Work/New'

/** Ann with Work and Work/New: the first is all open to Bob, the second for seeing it and for mail. */
async function shared() {
  const accounts = [accountOf('ann'), accountOf('bob')]
  const store = guardedStore(createMemoryStore(recordedRetrieval()), {
    lists: new MemoryAccessLists(),
    accountById: async (id) => accounts.find((each) => each.id === id),
    publicAccount: accountOf('public'),
  })
  const [ann, bob] = [await store.open(accountOf('ann')), await store.open(accountOf('bob'))]
  await ann.createMailbox('Work')
  await ann.setAccess('Work', 'bob', allRights)
  await ann.createMailbox('Work/New')
  await ann.setAccess('Work/New', 'bob', 'lip')
  return { ann, bob }
}

test('a delivery into a mailbox that is there leaves its list as it is', async () => {
  const { ann, bob } = await shared()
  await deliver(ann, sampleMessage(), 'Work/New', { create: true })
  expect(await bob.myRights(theirs)).toBe('lip')
})

test('a mailbox that is there is not looked at before a delivery', async () => {
  const memory = createMemoryStore(recordedRetrieval())
  const status = async () => Promise.reject(new Error('its index cannot be read'))
  const prepare = async () => undefined
  const unreadable = overlay(memory, {
    async open(account: Account) {
      const own = await memory.open(account)
      return overlay(own, {
        status,
        stage: async (...args: Parameters<typeof own.stage>) =>
          overlay(await own.stage(...args), { prepare }),
      })
    },
  })
  const lists = new MemoryAccessLists()
  const accountById = async () => accountOf('ann')
  const publicAccount = accountOf('public')
  const ann = await guardedStore(unreadable, { lists, accountById, publicAccount }).open(accountOf('ann'))
  await (await memory.open(accountOf('ann'))).createMailbox('Work')
  await lists.update('ann', 'Work', () => [{ identifier: 'bob', rights: 'lr' }])
  const staged = await stage(ann, sampleMessage(), 'Work', { create: true })
  await staged.prepare?.()
  await staged.commit()
  expect(await contentsOf(await memory.open(accountOf('ann')), 'Work')).toHaveLength(1)
})

test('a mailbox that is made anew at the commit has the list of the one above it', async () => {
  const { ann, bob } = await shared()
  const staged = await stage(ann, sampleMessage(), 'Work/New', { create: true })
  await ann.deleteMailbox('Work/New')
  await staged.commit()
  expect(await contentsOf(ann, 'Work/New')).toHaveLength(1)
  expect(await bob.myRights(theirs)).toBe(allRights)
})

test('a mailbox of somebody else is not made anew', async () => {
  const { ann, bob } = await shared()
  const staged = await stage(bob, sampleMessage(), theirs, { create: true, cause: 'delivery' })
  await ann.deleteMailbox('Work/New')
  await expect(staged.commit()).rejects.toThrow()
  expect(await namesOf(ann)).toEqual(['INBOX', 'Work'])
})
