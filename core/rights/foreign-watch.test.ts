import { createMemoryStore } from 'mailwright/plugins/memory'
import { expect, test, vi } from 'vitest'
import { UnavailableError } from '../errors.ts'
import type { Account } from '../model/account.ts'
import { overlay } from '../overlay.ts'
import type { AccountStore, Lease, Store } from '../services/store.ts'
import { expectCode } from '../testing/contracts/expectations.ts'
import { append, sampleMessage } from '../testing/contracts/store-fixture.ts'
import { recordedRetrieval } from '../testing/recorded-retrieval.ts'
import { guardedStore } from './guarded-store.ts'
import { MemoryAccessLists } from './memory-access-lists.ts'

const ann: Account = { id: 'A', address: { localPart: 'ann', domain: 'example.org' } }
const carol: Account = { id: 'C', address: { localPart: 'carol', domain: 'example.org' } }
const bob: Account = { id: 'B', address: { localPart: 'bob', domain: 'example.org' } }
const theirs = 'Other Users/ann@example.org/INBOX'

/** A store whose watches are counted, and whose owner's store may be broken. */
function counted() {
  const plain = createMemoryStore(recordedRetrieval())
  const lists = new MemoryAccessLists()
  const state = { open: 0, broken: false, gate: Promise.resolve(), asked: 0 }
  const count = (lease: Lease): Lease => {
    state.open++
    return { release: () => lease.release().then(() => void state.open--) }
  }
  const watched = (store: AccountStore): AccountStore =>
    overlay(store, {
      watch: async (mailboxes, listener) => {
        if (state.broken && store.account.id === ann.id) throw new UnavailableError('no watches left')
        state.asked++
        await state.gate
        return count(await store.watch(mailboxes, listener))
      },
    })
  const inner: Store = overlay(plain, { open: async (account) => watched(await plain.open(account)) })
  const guarded = guardedStore(inner, {
    lists: overlay<MemoryAccessLists>(lists, {
      watch: async (listener) => count(await lists.watch(listener)),
    }),
    accountById: async (id) => [ann, bob, carol].find((account) => account.id === id),
  })
  return { state, lists, guarded }
}

test('whatever is opened and closed meanwhile, nothing is watched after the release', async () => {
  const { state, guarded } = counted()
  const [anns, bobs] = [await guarded.open(ann), await guarded.open(bob)]
  const listener = vi.fn()
  const lease = await bobs.watch('all', listener)
  for (let round = 0; round < 20; round++) {
    await anns.setAccess('INBOX', 'B', round % 2 === 0 ? 'lr' : '')
    if (round % 5 === 0) await vi.waitFor(() => expect(listener).toHaveBeenCalledWith(undefined))
  }
  await anns.setAccess('INBOX', 'B', 'lr')
  await lease.release()
  await vi.waitFor(() => expect(state.open).toBe(0))
  const calls = listener.mock.calls.length
  await anns.setAccess('INBOX', 'B', '')
  await append(anns, [sampleMessage()])
  await new Promise((resolve) => setImmediate(resolve))
  expect([listener.mock.calls.length, state.open]).toEqual([calls, 0])
})

test('what is being opened at the release is not watched afterwards', async () => {
  const { state, guarded } = counted()
  const [anns, bobs] = [await guarded.open(ann), await guarded.open(bob)]
  const lease = await bobs.watch('all', vi.fn())
  const { promise, resolve } = Promise.withResolvers<void>()
  const asked = state.asked
  state.gate = promise
  await anns.setAccess('INBOX', 'B', 'lr')
  await vi.waitFor(() => expect(state.asked).toBe(asked + 1))
  const released = lease.release()
  resolve()
  await released
  expect(state.open).toBe(0)
})

test('what cannot be watched is no watch at all, and leaves none behind', async () => {
  const { state, guarded } = counted()
  for (const owner of [carol, ann]) await (await guarded.open(owner)).setAccess('INBOX', 'B', 'lr')
  state.broken = true
  const bobs = await guarded.open(bob)
  await expectCode(bobs.watch('all', vi.fn()), 'MAIL_E_UNAVAILABLE')
  await expectCode(bobs.watch(['INBOX', theirs], vi.fn()), 'MAIL_E_UNAVAILABLE')
  expect(state.open).toBe(0)
  const own = await bobs.watch(['INBOX'], vi.fn())
  await own.release()
  expect(state.open).toBe(0)
})

test('a change of a list is told even where the mailbox cannot be watched anew', async () => {
  const { state, guarded } = counted()
  const [anns, bobs] = [await guarded.open(ann), await guarded.open(bob)]
  const listener = vi.fn()
  const lease = await bobs.watch('all', listener)
  state.broken = true
  await anns.setAccess('INBOX', 'B', 'lr')
  await vi.waitFor(() => expect(listener).toHaveBeenCalledWith(undefined))
  state.broken = false
  await anns.setAccess('INBOX', 'anyone', 'l')
  await vi.waitFor(() => expect(listener).toHaveBeenCalledWith(theirs))
  await lease.release()
  expect(state.open).toBe(0)
})

test('lists that concern others are not told', async () => {
  const { guarded } = counted()
  const [anns, bobs] = [await guarded.open(ann), await guarded.open(bob)]
  const [listener, ofAll] = [vi.fn(), vi.fn()]
  const lease = await bobs.watch([theirs], listener)
  const leaseOfAll = await bobs.watch('all', ofAll)
  await anns.setAccess('INBOX', 'somebody', 'lr')
  await anns.setAccess('INBOX', 'B', 'x')
  await new Promise((resolve) => setImmediate(resolve))
  expect([listener.mock.calls, ofAll.mock.calls]).toEqual([[], []])
  await leaseOfAll.release()
  await anns.createMailbox('Work')
  await anns.setAccess('Work', 'B', 'lr')
  await anns.setAccess('INBOX', 'B', 'l')
  await vi.waitFor(() => expect(listener).toHaveBeenCalled())
  expect(new Set(listener.mock.calls.map(([mailbox]) => mailbox))).toEqual(new Set([theirs]))
  await lease.release()
})

test('a hint that does not say which list changed is followed', async () => {
  const { lists } = counted()
  const plain = createMemoryStore(recordedRetrieval())
  const vague = overlay<MemoryAccessLists>(lists, {
    watch: (listener) => lists.watch(() => listener(undefined)),
  })
  const guarded = guardedStore(plain, {
    lists: vague,
    accountById: async (id) => [ann, bob, carol].find((account) => account.id === id),
  })
  const [anns, bobs] = [await guarded.open(ann), await guarded.open(bob)]
  const listener = vi.fn()
  const lease = await bobs.watch('all', listener)
  await anns.setAccess('INBOX', 'B', 'lr')
  await vi.waitFor(() =>
    expect(listener.mock.calls.flat()).toEqual(expect.arrayContaining([undefined, theirs])),
  )
  await lease.release()
})
