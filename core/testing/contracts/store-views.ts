import { expect } from 'vitest'
import type { MessageEntry } from '../../services/mailbox.ts'
import { expectCode } from './expectations.ts'
import {
  contentsOf,
  contentText,
  deliver,
  deliverMany,
  entryAt,
  expectWellFormed,
  namesOf,
  type StoreCase,
  sampleMessage,
  text,
  uidsOf,
} from './store-fixture.ts'

/** UIDs, and what each opener of a mailbox sees and when. */
export const viewCases: readonly StoreCase[] = [
  {
    name: 'INBOX: is there from the start, empty, under its name in any case',
    async run({ store, account }) {
      const opened = await store.open(account)
      expect(await namesOf(opened)).toEqual(['INBOX'])
      expect(await opened.status('INBOX')).toMatchObject({ name: 'INBOX', messages: 0, unseen: 0, size: 0 })
      await deliver(opened, sampleMessage(), 'inbox')
      for (const name of ['INBOX', 'inbox', 'InBox']) {
        const mailbox = await opened.openMailbox(name)
        expect(mailbox.name).toBe('INBOX')
        expect(mailbox.entries).toHaveLength(1)
        expect(await opened.status(name)).toMatchObject({ name: 'INBOX', messages: 1 })
      }
      expect(await namesOf(opened)).toEqual(['INBOX'])
    },
  },
  {
    name: 'UIDs: ascend in the order of delivery, below uidNext; ids differ',
    async run({ store, account }) {
      const opened = await store.open(account)
      const messages = await deliverMany(opened, 12)
      const mailbox = await opened.openMailbox('INBOX')
      expectWellFormed(mailbox)
      expect(await contentsOf(opened)).toEqual(messages.map(text))
      expect(new Set(mailbox.entries.map((entry) => entry.id)).size).toBe(12)
      const status = await opened.status('INBOX')
      expect(status).toMatchObject({ uidValidity: mailbox.uidValidity, uidNext: mailbox.uidNext })
    },
  },
  {
    name: 'UIDs: the next message gets at least the uidNext that was told',
    async run({ store, account }) {
      const opened = await store.open(account)
      await deliverMany(opened, 2)
      const { uidNext } = await opened.status('INBOX')
      await deliver(opened)
      const mailbox = await opened.openMailbox('INBOX')
      expect(entryAt(mailbox, 2).uid).toBeGreaterThanOrEqual(uidNext)
    },
  },
  {
    name: 'UIDs: never come back after an expunge, be it of the last or of all messages',
    async run({ store, account }) {
      const opened = await store.open(account)
      await deliverMany(opened, 3)
      const mailbox = await opened.openMailbox('INBOX')
      const used = new Set(uidsOf(mailbox))
      await mailbox.expunge([Math.max(...used)])
      await deliver(opened)
      await mailbox.refresh()
      expect(used.has(uidsOf(mailbox).at(-1) ?? 0), 'the last UID came back').toBe(false)
      for (const uid of uidsOf(mailbox)) used.add(uid)
      await mailbox.expunge(uidsOf(mailbox))
      await deliver(opened)
      const again = await (await store.open(account)).openMailbox('INBOX')
      expect(
        uidsOf(again).some((uid) => used.has(uid)),
        'a UID came back',
      ).toBe(false)
      expect(again.uidValidity).toBe(mailbox.uidValidity)
    },
  },
  {
    name: 'entries: change only at refresh and by own changes',
    async run({ store, account }) {
      const mine = await store.open(account)
      const theirs = await store.open(account)
      await deliverMany(mine, 3)
      const mailbox = await mine.openMailbox('INBOX')
      const before: readonly MessageEntry[] = [...mailbox.entries]
      const other = await theirs.openMailbox('INBOX')
      await other.expunge([entryAt(other, 1).uid])
      await deliver(theirs)
      expect(mailbox.entries).toEqual(before)
      await expectCode(mailbox.content(before[1]?.uid ?? 0), 'MAIL_E_NOT_FOUND')
      expect(await mailbox.refresh(), 'refresh says that something changed').toBe(true)
      await other.refresh()
      expect(mailbox.entries).toEqual(other.entries)
      expect(mailbox.entries).toHaveLength(3)
      expect(await mailbox.refresh(), 'nothing changed since').toBe(false)
    },
  },
  {
    name: 'entries: a list once handed out is never changed',
    async run({ store, account }) {
      const opened = await store.open(account)
      await deliverMany(opened, 3)
      const mailbox = await opened.openMailbox('INBOX')
      const held = mailbox.entries
      const copy = structuredClone(held)
      await mailbox.expunge([entryAt(mailbox, 0).uid])
      await deliver(opened)
      await mailbox.refresh()
      expect(held).toEqual(copy)
      expect(mailbox.entries).toHaveLength(3)
    },
  },
  {
    name: 'entries: an own change shows itself and nothing that others did',
    async run({ store, account }) {
      const opened = await store.open(account)
      await deliverMany(opened, 4)
      const [mine, theirs] = [await opened.openMailbox('INBOX'), await opened.openMailbox('INBOX')]
      const [first = 0, second = 0, third = 0, fourth = 0] = uidsOf(mine)
      const { flags } = store.supports
      await theirs.expunge([second])
      if (flags) await theirs.changeFlags([third], { add: ['\\Answered'] })
      await deliver(opened)
      await mine.expunge([first])
      if (flags) await mine.changeFlags([fourth], { add: ['\\Seen'] })
      expect(uidsOf(mine)).toEqual([second, third, fourth])
      expect(mine.entries.map((entry) => entry.flags)).toEqual([[], [], flags ? ['\\Seen'] : []])
      expect(await mine.refresh()).toBe(true)
      expect(uidsOf(mine)).toEqual([third, fourth, expect.any(Number)])
      expect(mine.entries).toEqual((await opened.openMailbox('INBOX')).entries)
    },
  },
  {
    name: 'two openers: agree on UIDs and ids, whoever looks first',
    async run({ store, account }) {
      const first = await (await store.open(account)).openMailbox('INBOX')
      const second = await (await store.open(account)).openMailbox('INBOX')
      const opened = await store.open(account)
      await deliverMany(opened, 2)
      await Promise.all([first.refresh(), second.refresh()])
      await deliverMany(opened, 2)
      await second.refresh()
      await first.refresh()
      expect(first.entries).toHaveLength(4)
      expect(second.entries).toEqual(first.entries)
      expectWellFormed(first)
    },
  },
  {
    name: 'openMailbox, status: MAIL_E_NOT_FOUND for what does not exist',
    async run({ store, account }) {
      const opened = await store.open(account)
      await expectCode(opened.openMailbox('Nowhere'), 'MAIL_E_NOT_FOUND')
      await expectCode(opened.status('Nowhere'), 'MAIL_E_NOT_FOUND')
    },
  },
  {
    name: 'close: ends one view and harms no other; a second time does nothing',
    async run({ store, account }) {
      const opened = await store.open(account)
      const [message = Buffer.alloc(0)] = await deliverMany(opened, 1)
      const closed = await opened.openMailbox('INBOX')
      const mailbox = await opened.openMailbox('INBOX')
      await closed.close()
      await closed.close()
      expect(await contentText(mailbox, entryAt(mailbox, 0).uid)).toBe(text(message))
    },
  },
]
