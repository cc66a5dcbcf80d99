import { createMemoryStore } from 'mailwright/plugins/memory'
import { expect, test } from 'vitest'
import type { Account } from '../model/account.ts'
import { allRights } from '../model/rights.ts'
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
