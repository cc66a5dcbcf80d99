import { createMemoryStore } from 'mailwright/plugins/memory'
import type { Account } from '../model/account.ts'
import type { Store } from '../services/store.ts'
import { bindContract, selectCases } from '../testing/contracts/contract.ts'
import { storeContractCases } from '../testing/contracts/store.ts'
import { sharingCases } from '../testing/contracts/store-sharing.ts'
import {
  fixtureAccountById,
  type SharingFixture,
  sharingHas,
} from '../testing/contracts/store-sharing-scene.ts'
import { overlay } from '../testing/overlay.ts'
import { recordedRetrieval } from '../testing/recorded-retrieval.ts'
import type { AccessLists } from './access-lists.ts'
import { guardedStore } from './guarded-store.ts'
import { MemoryAccessLists } from './memory-access-lists.ts'

const account: Account = { id: '1', address: { localPart: 'jo', domain: 'example.org' } }
const publicAccount: Account = { id: 'public', address: { localPart: 'public', domain: 'localhost' } }

function guarded(plain: Store, lists: AccessLists): Store {
  return guardedStore(plain, {
    lists,
    publicAccount,
    accountById: async (id) => fixtureAccountById(account, id),
  })
}

async function create(): Promise<SharingFixture> {
  const retrieval = recordedRetrieval()
  const plain = createMemoryStore(retrieval)
  const lists = new MemoryAccessLists()
  return {
    store: guarded(plain, lists),
    account,
    announced: () => retrieval.changes,
    async publicMailbox(name, list) {
      await (await plain.open(publicAccount)).createMailbox(name)
      await lists.update(publicAccount.id, name, () => list)
    },
  }
}

/** The same as two processes have it, as far as rights are concerned: two stores that share what is kept. */
async function createTwice(): Promise<SharingFixture> {
  const inner = createMemoryStore(recordedRetrieval())
  const plain = overlay(inner, { supports: { ...inner.supports, persistent: true, shared: true } })
  const lists = new MemoryAccessLists()
  return { store: guarded(plain, lists), account, reopen: async () => guarded(plain, lists) }
}

bindContract('a store with access rights: the store contract', create, (probe) =>
  selectCases([...storeContractCases, ...sharingCases], sharingHas, probe),
)

bindContract('two stores with the same access rights: sharing', createTwice, (probe) =>
  selectCases(
    sharingCases.filter(({ needs = [] }) => needs.includes('persistent') || needs.includes('shared')),
    sharingHas,
    probe,
  ),
)
