import { expect } from 'vitest'
import { expectCode, outcomeOf } from './expectations.ts'
import {
  contentsOf,
  deliver,
  deliverMany,
  entryAt,
  expectWellFormed,
  type StoreCase,
  sampleMessage,
  uidsOf,
} from './store-fixture.ts'

const systemFlags = ['\\Answered', '\\Deleted', '\\Draft', '\\Flagged', '\\Seen']

/** Flags, keywords and mod-sequences. */
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
      expect(await opened.status('INBOX')).toMatchObject({ messages: 6, unseen: 4 })
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
      expect(added.map((entry) => [entry.uid, entry.flags])).toEqual([
        [first, ['\\Flagged', '\\Seen']],
        [second, ['\\Flagged', '\\Seen']],
      ])
      await mailbox.changeFlags([first], { remove: ['\\Flagged', '\\Draft'] })
      await mailbox.changeFlags([second], { set: ['\\Deleted'] })
      const flags = mailbox.entries.map((entry) => entry.flags)
      expect(flags).toEqual([['\\Seen'], ['\\Deleted'], []])
      expect((await opened.openMailbox('INBOX')).entries).toEqual(mailbox.entries)
      expect(await mailbox.refresh(), 'own changes are no news').toBe(false)
      expect(await opened.status('INBOX')).toMatchObject({ unseen: 2 })
      expect(await mailbox.changeFlags([], { add: ['\\Seen'] })).toEqual([])
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
      expect(await mine.changeFlags(uidsOf(mine), { add: ['\\Seen'] })).toEqual([])
      expect(await contentsOf(opened)).toEqual([])
    },
  },
  {
    name: 'keywords: any that IMAP allows, beside system flags',
    needs: ['flags', 'keywords'],
    async run({ store, account }) {
      const opened = await store.open(account)
      const keywords = ['$Forwarded', '$MDNSent', '__proto__', 'a.b-c_d', 'constructor', 'label1']
      await deliver(opened, sampleMessage(), 'INBOX', { flags: ['$Junk', '\\Seen'] })
      await deliver(opened)
      const mailbox = await opened.openMailbox('INBOX')
      expect(entryAt(mailbox, 0).flags).toEqual(['$Junk', '\\Seen'])
      await mailbox.changeFlags([entryAt(mailbox, 1).uid], { add: [...keywords, '\\Seen'] })
      expect(entryAt(mailbox, 1).flags).toEqual([...keywords, '\\Seen'].sort())
      expectWellFormed(mailbox)
      await mailbox.changeFlags([entryAt(mailbox, 1).uid], { remove: ['__proto__', 'label1'] })
      expect((await opened.openMailbox('INBOX')).entries).toEqual(mailbox.entries)
    },
    async otherwise({ store, account }) {
      const opened = await store.open(account)
      await deliver(opened)
      const mailbox = await opened.openMailbox('INBOX')
      await expectCode(mailbox.changeFlags(uidsOf(mailbox), { add: ['label1'] }), 'MAIL_E_UNSUPPORTED')
      expect(entryAt(mailbox, 0).flags).toEqual([])
    },
  },
  {
    name: 'keywords: what cannot be written in IMAP is MAIL_E_INVALID',
    needs: ['flags', 'keywords'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await deliver(opened)
      const mailbox = await opened.openMailbox('INBOX')
      for (const keyword of ['', 'a b', 'a\r\nb', 'a\0', '(x)', 'a"b', 'a*', 'ä', '\\', '\\a b']) {
        await expectCode(mailbox.changeFlags(uidsOf(mailbox), { add: [keyword] }), 'MAIL_E_INVALID')
      }
      expect(entryAt(mailbox, 0).flags).toEqual([])
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
  {
    name: 'mod-sequences: every change raises the message’s and the mailbox’s (RFC 7162 §3.1)',
    needs: ['flags', 'modSequences'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await deliverMany(opened, 3)
      const mailbox = await opened.openMailbox('INBOX')
      const highest = [mailbox.highestModSequence]
      for (const entry of mailbox.entries)
        expect(entry.modSequence).toBeLessThanOrEqual(mailbox.highestModSequence)
      expect(Math.min(...mailbox.entries.map((entry) => entry.modSequence))).toBeGreaterThan(0)
      const untouched = entryAt(mailbox, 0).modSequence
      for (const flag of ['\\Seen', '\\Flagged']) {
        const [changed] = await mailbox.changeFlags([entryAt(mailbox, 1).uid], { add: [flag] })
        expect(changed?.modSequence).toBeGreaterThan(highest.at(-1) ?? 0)
        highest.push(mailbox.highestModSequence)
        expect(highest.at(-1)).toBeGreaterThanOrEqual(changed?.modSequence ?? Number.POSITIVE_INFINITY)
      }
      expect(entryAt(mailbox, 0).modSequence).toBe(untouched)
      await mailbox.expunge([entryAt(mailbox, 2).uid])
      expect(mailbox.highestModSequence, 'an expunge raises it').toBeGreaterThan(highest.at(-1) ?? 0)
      await deliver(opened)
      await mailbox.refresh()
      expect(entryAt(mailbox, 2).modSequence).toBeGreaterThan(highest.at(-1) ?? 0)
      expect((await opened.status('INBOX')).highestModSequence).toBe(mailbox.highestModSequence)
    },
    async otherwise({ store, account }) {
      if (store.supports.modSequences) return
      const opened = await store.open(account)
      await deliver(opened)
      const mailbox = await opened.openMailbox('INBOX')
      expect(entryAt(mailbox, 0).modSequence).toBe(0)
    },
  },
]
