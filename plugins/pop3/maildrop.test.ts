import { type Account, type Mailbox, MailwrightError, type Store } from 'mailwright'
import { describe, expect, test } from 'vitest'
import { openMaildrop } from './maildrop.ts'

const account: Account = { id: 'tim', address: { localPart: 'tim', domain: 'example.org' } }

interface Calls {
  readonly expunged: (readonly number[])[]
  locks: number
  releases: number
  closes: number
}

/** A store with one mailbox of messages of 10, 20, … octets and the UIDs 3, 6, … */
function storeOf(
  messages: number,
  faults: { open?: Error; close?: Error } = {},
): { store: Store; calls: Calls } {
  const calls: Calls = { expunged: [], locks: 0, releases: 0, closes: 0 }
  const entry = (index: number) => ({ uid: (index + 1) * 3, size: (index + 1) * 10 })
  const mailbox = {
    uidValidity: 4_294_967_295,
    entries: Array.from({ length: messages }, (_, index) => entry(index)),
    expunge: async (uids: readonly number[]) => calls.expunged.push(uids),
    close: async () => {
      calls.closes++
      if (faults.close !== undefined) throw faults.close
    },
  } as unknown as Mailbox
  const mailboxes = {
    lockMaildrop: async () => {
      calls.locks++
      return {
        release: async () => {
          calls.releases++
        },
      }
    },
    openMailbox: async () => {
      if (faults.open !== undefined) throw faults.open
      return mailbox
    },
  }
  return { store: { open: async () => mailboxes } as unknown as Store, calls }
}

describe('openMaildrop', () => {
  test('gives the lock back where the mailbox cannot be opened', async () => {
    const { store, calls } = storeOf(1, { open: new MailwrightError('MAIL_E_UNAVAILABLE', 'disk') })
    await expect(openMaildrop(store, account)).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
    expect(calls).toMatchObject({ locks: 1, releases: 1 })
  })
})

describe('Maildrop', () => {
  test('counts what is not marked', async () => {
    const maildrop = await openMaildrop(storeOf(3).store, account)
    expect([maildrop.count, maildrop.octets, maildrop.highest]).toEqual([3, 60, 3])
    maildrop.delete(2)
    maildrop.delete(2)
    maildrop.delete(4)
    expect([maildrop.count, maildrop.octets, maildrop.highest]).toEqual([2, 40, 3])
    expect([...maildrop.messages()].map(({ number }) => number)).toEqual([1, 3])
    expect([maildrop.entry(2), maildrop.isDeleted(2)]).toEqual([undefined, true])
    maildrop.reset()
    expect([maildrop.count, maildrop.octets]).toEqual([3, 60])
  })

  test('has no message of a number that is out of range', async () => {
    const maildrop = await openMaildrop(storeOf(3).store, account)
    for (const number of [0, -1, 4, 1.5, 9_999_999_999]) expect(maildrop.entry(number)).toBeUndefined()
  })

  test('unique ids are printable and short', async () => {
    const maildrop = await openMaildrop(storeOf(1).store, account)
    const ids = [...maildrop.messages()].map(({ entry }) =>
      maildrop.uniqueId({ ...entry, uid: 4_294_967_295 }),
    )
    expect(ids).toEqual(['4294967295.4294967295'])
  })

  test('a unique id of a former server stays where it can be one', async () => {
    const maildrop = await openMaildrop(storeOf(1).store, account)
    const idOf = (uidl: string) =>
      [...maildrop.messages()].map(({ entry }) => maildrop.uniqueId({ ...entry, uidl }))
    for (const uidl of ['0000000a5cc1f0ba', '!', 'x'.repeat(70)]) expect(idOf(uidl)).toEqual([uidl])
    for (const uidl of ['', 'a b', 'a\r\nb', 'ü', 'x'.repeat(71)])
      expect(idOf(uidl)).toEqual(['4294967295.3'])
  })

  test('commits what is marked, in one call, ascending; and nothing where nothing is', async () => {
    const { store, calls } = storeOf(4)
    const maildrop = await openMaildrop(store, account)
    await maildrop.commit()
    for (const number of [4, 1, 3]) maildrop.delete(number)
    await maildrop.commit()
    expect(calls.expunged).toEqual([[3, 9, 12]])
  })

  test('is closed once, and free also where closing fails', async () => {
    const { store, calls } = storeOf(1, { close: new Error('disk') })
    const maildrop = await openMaildrop(store, account)
    await expect(maildrop.close()).rejects.toThrow('disk')
    await maildrop.close()
    expect(calls).toMatchObject({ closes: 1, releases: 1 })
  })
})
