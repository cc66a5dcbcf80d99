import {
  type Account,
  type Accounts,
  accounts as accountsKey,
  parseAddress,
  type RetrievalFlow,
  type Store,
  store,
} from 'mailwright'
import {
  createTestHost,
  expectCode,
  fixtureAccountById,
  recordedRetrieval,
  storeContract,
} from 'mailwright/testing'
import { expect, test } from 'vitest'
import memory, { memoryAccounts, memoryStore } from './index.ts'
import { createMemoryStore, createSharedMemoryStore } from './store.ts'

const address = parseAddress('jo@example.org')
if (address === undefined) throw new TypeError('not an address')
const account: Account = { id: '1', address }
const accounts: Pick<Accounts, 'byId'> = { byId: async (id) => fixtureAccountById(account, id) }

const stores: Readonly<Record<string, (flow: RetrievalFlow) => Store>> = {
  'memory-store, alone': (flow) => createMemoryStore(flow),
  'memory-store, with accounts': (flow) => createSharedMemoryStore(flow, accounts),
}

for (const [name, make] of Object.entries(stores))
  storeContract({
    name,
    async create() {
      const retrieval = recordedRetrieval()
      return { store: make(retrieval), account, announced: () => retrieval.changes }
    },
  })

test.each([
  ['memory', [memory({ accounts: [{ address: 'jo@example.org' }, { address: 'ann@example.org' }] })]],
  [
    'memory-store beside accounts',
    [
      memoryStore(),
      memoryAccounts({ accounts: [{ address: 'jo@example.org' }, { address: 'ann@example.org' }] }),
    ],
  ],
])('%s: mailboxes can be opened to others', async (_, plugins) => {
  await using host = await createTestHost({ plugins })
  const service = host.service(store)
  expect(service.supports.rights).toBe(true)
  const opened = async (user: string) => {
    const found = await host.service(accountsKey).resolve({ localPart: user, domain: 'example.org' })
    if (found.kind !== 'account') throw new TypeError('no account')
    return service.open(found.account)
  }
  const [jo, ann] = [await opened('jo'), await opened('ann')]
  await jo.setAccess('INBOX', 'ann@example.org', 'lr')
  expect((await ann.mailboxes()).map(({ name }) => name)).toEqual([
    'INBOX',
    'Other Users/jo@example.org/INBOX',
  ])
  expect(await jo.accessList('INBOX')).toMatchObject([
    { identifier: jo.account.id },
    { identifier: ann.account.id, address: ann.account.address },
  ])
})

test('memory-store alone: mailboxes cannot be opened to others', async () => {
  await using host = await createTestHost({ plugins: [memoryStore()] })
  const service = host.service(store)
  expect(service.supports.rights).toBe(false)
  const jo = await service.open(account)
  await expectCode(jo.setAccess('INBOX', 'anyone', 'lr'), 'MAIL_E_UNSUPPORTED')
})
