import { expect } from 'vitest'
import { expectCode, outcomeOf } from './expectations.ts'
import {
  contentsOf,
  deliver,
  deliverMany,
  entryAt,
  type StoreCase,
  sampleMessage,
  uidsOf,
} from './store-fixture.ts'

const systemFlags = ['\\Answered', '\\Deleted', '\\Draft', '\\Flagged', '\\Seen']

/** System flags. */
export const flagCases: readonly StoreCase[] = [
  {
    name: 'flags: every system flag can be given at delivery',
    needs: ['flags'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await deliver(opened, sampleMessage(), 'INBOX', { flags: systemFlags.toReversed() })
      for (const flag of systemFlags) await deliver(opened, sampleMessage(), 'INBOX', { flags: [flag] })
      const mailbox = await opened.openMailbox('INBOX')
      const found = mailbox.entries.map((entry) => entry.flags.join(' '))
      expect(found.sort()).toEqual([...systemFlags, systemFlags.join(' ')].sort())
      expect(await opened.status('INBOX')).toMatchObject({ messages: 6, unseen: 4, deleted: 2 })
    },
    async otherwise({ store, account }) {
      const opened = await store.open(account)
      await deliver(opened)
      const mailbox = await opened.openMailbox('INBOX')
      await expectCode(mailbox.changeFlags(uidsOf(mailbox), { add: ['\\Seen'] }), 'MAIL_E_UNSUPPORTED')
      expect(entryAt(mailbox, 0).flags).toEqual([])
    },
  },
  {
    name: 'changeFlags: add, remove and set; answers the new entries of those that exist',
    needs: ['flags'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await deliverMany(opened, 3)
      const mailbox = await opened.openMailbox('INBOX')
      const [first = 0, second = 0] = uidsOf(mailbox)
      const added = await mailbox.changeFlags([second, first, 999_999], {
        add: ['\\Seen', '\\Flagged', '\\Seen'],
      })
      expect(added.modified).toEqual([])
      expect(added.entries.map((entry) => [entry.uid, entry.flags])).toEqual([
        [first, ['\\Flagged', '\\Seen']],
        [second, ['\\Flagged', '\\Seen']],
      ])
      await mailbox.changeFlags([first], { remove: ['\\Flagged', '\\Draft'] })
      await mailbox.changeFlags([second], { set: ['\\Deleted'] })
      const flags = mailbox.entries.map((entry) => entry.flags)
      expect(flags).toEqual([['\\Seen'], ['\\Deleted'], []])
      expect((await opened.openMailbox('INBOX')).entries).toEqual(mailbox.entries)
      expect(await mailbox.refresh(), 'own changes are no news').toBe(false)
      expect(await opened.status('INBOX')).toMatchObject({ unseen: 2, deleted: 1 })
      expect(await mailbox.changeFlags([], { add: ['\\Seen'] })).toEqual({ entries: [], modified: [] })
    },
  },
  {
    name: 'changeFlags: system flags in any case, answered as RFC 9051 §2.3.2 spells them',
    needs: ['flags'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await deliver(opened)
      const mailbox = await opened.openMailbox('INBOX')
      await mailbox.changeFlags(uidsOf(mailbox), { set: ['\\sEEN', '\\DELETED', '\\Seen'] })
      expect(entryAt(mailbox, 0).flags).toEqual(['\\Deleted', '\\Seen'])
      expect(await opened.status('INBOX')).toMatchObject({ unseen: 0, deleted: 1 })
      await mailbox.changeFlags(uidsOf(mailbox), { remove: ['\\deleted', '\\seen'] })
      expect(entryAt(mailbox, 0).flags).toEqual([])
    },
  },
  {
    name: 'changeFlags: others see it at refresh and not before',
    needs: ['flags'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await deliverMany(opened, 2)
      const mine = await opened.openMailbox('INBOX')
      const theirs = await (await store.open(account)).openMailbox('INBOX')
      await theirs.changeFlags([entryAt(theirs, 1).uid], { add: ['\\Answered'] })
      expect(entryAt(mine, 1).flags).toEqual([])
      expect(await mine.refresh()).toBe(true)
      expect(entryAt(mine, 1).flags).toEqual(['\\Answered'])
      expect(mine.entries).toEqual(theirs.entries)
    },
  },
  {
    name: 'changeFlags: changes of different flags at the same time are all kept',
    needs: ['flags'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await deliver(opened)
      const views = await Promise.all(systemFlags.map(() => opened.openMailbox('INBOX')))
      await Promise.all(
        views.map((view, index) => view.changeFlags(uidsOf(view), { add: [systemFlags[index] ?? ''] })),
      )
      const mailbox = await opened.openMailbox('INBOX')
      expect(entryAt(mailbox, 0).flags).toEqual(systemFlags)
    },
  },
  {
    name: 'changeFlags: of a message that was expunged brings nothing back',
    needs: ['flags'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await deliver(opened)
      const [mine, theirs] = [await opened.openMailbox('INBOX'), await opened.openMailbox('INBOX')]
      await theirs.expunge(uidsOf(theirs))
      const outcome = await mine.changeFlags(uidsOf(mine), { add: ['\\Seen'] })
      expect(outcome).toEqual({ entries: [], modified: [] })
      expect(await contentsOf(opened)).toEqual([])
    },
  },
  {
    name: 'stage: flags that the store cannot keep do not stop a delivery unnoticed',
    async run({ store, account }) {
      const opened = await store.open(account)
      const outcome = await outcomeOf(
        deliver(opened, sampleMessage(), 'INBOX', { flags: ['\\Seen', 'label1'] }),
      )
      expect(await contentsOf(opened)).toHaveLength(outcome.ok ? 1 : 0)
      if (!outcome.ok) await expectCode(Promise.reject(outcome.error), 'MAIL_E_UNSUPPORTED')
    },
  },
]
