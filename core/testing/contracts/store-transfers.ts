import { expect } from 'vitest'
import type { Account } from '../../model/account.ts'
import type { Store } from '../../services/store.ts'
import { expectCode, outcomeOf } from './expectations.ts'
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

/** An account with five messages in INBOX, and Archive. */
async function filled(store: Store, account: Account) {
  const opened = await store.open(account)
  await opened.createMailbox('Archive')
  const messages = await deliverMany(opened, 5)
  return { opened, messages: messages.map(text), inbox: await opened.openMailbox('INBOX') }
}

/** Expunge, copy, move. */
export const transferCases: readonly StoreCase[] = [
  {
    name: 'expunge: removes what is named and answers it, ascending',
    async run({ store, account }) {
      const opened = await store.open(account)
      const messages = await deliverMany(opened, 5)
      const mailbox = await opened.openMailbox('INBOX')
      const uids = uidsOf(mailbox)
      const [first = 0, second = 0, , fourth = 0] = uids
      expect(await mailbox.expunge([fourth, first, second])).toEqual([first, second, fourth])
      expect(uidsOf(mailbox)).toEqual(uids.filter((uid) => ![first, second, fourth].includes(uid)))
      expect(await contentsOf(opened)).toEqual(
        [messages[2], messages[4]].map((message) => message && text(message)),
      )
      expect(await mailbox.refresh(), 'own changes are no news').toBe(false)
    },
  },
  {
    name: 'expunge: what is gone, named twice or was never there does not count',
    async run({ store, account }) {
      const opened = await store.open(account)
      await deliverMany(opened, 3)
      const mailbox = await opened.openMailbox('INBOX')
      const other = await opened.openMailbox('INBOX')
      const [first = 0, second = 0, third = 0] = uidsOf(mailbox)
      expect(await other.expunge([second])).toEqual([second])
      expect(await mailbox.expunge([third, second, third, 999_999, 0, -1])).toEqual([third])
      expect(await mailbox.expunge([])).toEqual([])
      await mailbox.refresh()
      expect(uidsOf(mailbox)).toEqual([first])
    },
  },
  {
    name: 'expunge: with onlyDeleted, those that others have spared meanwhile stay',
    needs: ['flags'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await deliverMany(opened, 3)
      const mailbox = await opened.openMailbox('INBOX')
      const [first = 0, second = 0, third = 0] = uidsOf(mailbox)
      await mailbox.changeFlags([first, second], { add: ['\\Deleted'] })
      const other = await opened.openMailbox('INBOX')
      await other.changeFlags([first], { remove: ['\\Deleted'] })
      await other.changeFlags([third], { add: ['\\Deleted'] })
      expect(await mailbox.expunge([first, second], { onlyDeleted: true })).toEqual([second])
      expect(await mailbox.expunge([first, third], { onlyDeleted: true })).toEqual([third])
      expect(await mailbox.expunge([first], { onlyDeleted: true })).toEqual([])
      expect(uidsOf(mailbox)).toEqual([first])
    },
  },
  {
    name: 'expunge: two at the same time remove each message once',
    async run({ store, account }) {
      const opened = await store.open(account)
      await deliverMany(opened, 6)
      const [first, second] = [await opened.openMailbox('INBOX'), await opened.openMailbox('INBOX')]
      const uids = uidsOf(first)
      const answers = await Promise.all([first.expunge(uids), second.expunge(uids)])
      expect(answers.flat().sort((a, b) => a - b)).toEqual(uids)
      expect(await opened.usage()).toEqual({ bytes: 0, messages: 0 })
    },
  },
  {
    name: 'copy: keeps octets, flags and dates, gives new UIDs in the same order',
    needs: ['mailboxes'],
    async run({ store, account }) {
      const { opened, messages, inbox } = await filled(store, account)
      if (store.supports.flags)
        await inbox.changeFlags([entryAt(inbox, 1).uid], { add: ['\\Flagged', '\\Seen'] })
      await inbox.copy([entryAt(inbox, 1).uid, entryAt(inbox, 3).uid], 'Archive')
      const archive = await opened.openMailbox('Archive')
      expectWellFormed(archive)
      expect(await contentsOf(opened, 'Archive')).toEqual([messages[1], messages[3]])
      expect(entryAt(archive, 0).flags).toEqual(entryAt(inbox, 1).flags)
      const dates = [entryAt(archive, 0), entryAt(inbox, 1)].map((entry) =>
        Math.floor(entry.internalDate.getTime() / 1000),
      )
      expect(dates[0]).toBe(dates[1])
      expect(await contentsOf(opened)).toEqual(messages)
      expect((await opened.usage()).messages).toBe(7)
    },
    async otherwise({ store, account }) {
      const opened = await store.open(account)
      await deliver(opened)
      const inbox = await opened.openMailbox('INBOX')
      await expectCode(inbox.copy(uidsOf(inbox), 'Archive'), 'MAIL_E_NOT_FOUND')
      await expectCode(inbox.move(uidsOf(inbox), 'Archive'), 'MAIL_E_NOT_FOUND')
      expect(await opened.status('INBOX')).toMatchObject({ messages: 1 })
    },
  },
  {
    name: 'copy: the copy is a message of its own',
    needs: ['mailboxes'],
    async run({ store, account }) {
      const { opened, messages, inbox } = await filled(store, account)
      await inbox.copy([entryAt(inbox, 0).uid], 'Archive')
      await inbox.expunge([entryAt(inbox, 0).uid])
      const archive = await opened.openMailbox('Archive')
      expect(await contentText(archive, entryAt(archive, 0).uid)).toBe(messages[0])
      if (store.supports.flags) {
        await inbox.copy([entryAt(inbox, 0).uid], 'Archive')
        await archive.refresh()
        await archive.changeFlags(uidsOf(archive), { add: ['\\Deleted'] })
        await inbox.refresh()
        expect(inbox.entries.flatMap((entry) => entry.flags)).toEqual([])
      }
    },
  },
  {
    name: 'copy: into the same mailbox doubles the messages; of nothing does nothing',
    needs: ['mailboxes'],
    async run({ store, account }) {
      const { opened, messages, inbox } = await filled(store, account)
      await inbox.copy([], 'Archive')
      await inbox.copy(uidsOf(inbox), 'INBOX')
      await inbox.refresh()
      expectWellFormed(inbox)
      expect(await contentsOf(opened)).toEqual([...messages, ...messages])
      expect(await opened.status('Archive')).toMatchObject({ messages: 0 })
    },
  },
  {
    name: 'copy, move: MAIL_E_NOT_FOUND without the target, and nothing has changed',
    needs: ['mailboxes'],
    async run({ store, account }) {
      const { opened, messages, inbox } = await filled(store, account)
      await expectCode(inbox.copy(uidsOf(inbox), 'Nowhere'), 'MAIL_E_NOT_FOUND')
      await expectCode(inbox.move(uidsOf(inbox), 'Nowhere'), 'MAIL_E_NOT_FOUND')
      expect(await contentsOf(opened)).toEqual(messages)
      expect(await namesOf(opened)).toEqual(['INBOX', 'Archive'])
    },
  },
  {
    name: 'copy, move: with a message that is gone, all that is left or none',
    needs: ['mailboxes'],
    async run({ store, account }) {
      const { opened, messages, inbox } = await filled(store, account)
      const other = await opened.openMailbox('INBOX')
      await other.expunge([entryAt(other, 2).uid])
      const uids = uidsOf(inbox)
      const rest = messages.filter((_, index) => index !== 2)
      const copied = (await outcomeOf(inbox.copy(uids, 'Archive'))).ok ? rest : []
      expect(await contentsOf(opened, 'Archive')).toEqual(copied)
      const moved = (await outcomeOf(inbox.move(uids, 'Archive'))).ok
      expect(await contentsOf(opened)).toEqual(moved ? [] : rest)
      expect(await contentsOf(opened, 'Archive')).toEqual([...copied, ...(moved ? rest : [])])
    },
  },
  {
    name: 'move: the messages are in the target, the originals gone for everybody',
    needs: ['mailboxes'],
    async run({ store, account }) {
      const { opened, messages, inbox } = await filled(store, account)
      const used = uidsOf(inbox)
      await inbox.move([entryAt(inbox, 4).uid, entryAt(inbox, 0).uid], 'Archive')
      expect(uidsOf(inbox)).toEqual(used.slice(1, 4))
      expect(await contentsOf(opened)).toEqual(messages.slice(1, 4))
      expect([...(await contentsOf(opened, 'Archive'))].sort()).toEqual([messages[0], messages[4]].sort())
      expect((await opened.usage()).messages).toBe(5)
      const archive = await opened.openMailbox('Archive')
      expectWellFormed(archive)
      await archive.move(uidsOf(archive), 'inbox')
      await inbox.refresh()
      expect(
        uidsOf(inbox)
          .slice(3)
          .some((uid) => used.includes(uid)),
        'a UID came back',
      ).toBe(false)
      expect(inbox.entries).toHaveLength(5)
      expect(archive.entries).toEqual([])
    },
  },
  {
    name: 'move: into the same mailbox loses and doubles nothing',
    needs: ['mailboxes'],
    async run({ store, account }) {
      const { opened, messages, inbox } = await filled(store, account)
      await outcomeOf(inbox.move([entryAt(inbox, 1).uid], 'INBOX'))
      expect([...(await contentsOf(opened))].sort()).toEqual([...messages].sort())
    },
  },
  {
    name: 'copy, move: answer where each message went (RFC 4315 §3)',
    needs: ['mailboxes'],
    async run({ store, account }) {
      const { opened, inbox } = await filled(store, account)
      await deliver(opened, sampleMessage(), 'Archive')
      for (const way of ['copy', 'move'] as const) {
        const [first = 0, , third = 0, fourth = 0] = uidsOf(inbox)
        const sent = [first, third, fourth]
        const contents = await Promise.all(sent.map((uid) => contentText(inbox, uid)))
        const there = uidsOf(await opened.openMailbox('Archive'))
        const { uidValidity, uids } = await inbox[way]([fourth, first, 999_999, third, first], 'Archive')
        expect(uids.map(([from]) => from)).toEqual(sent)
        const archive = await opened.openMailbox('Archive')
        expect(uidValidity).toBe(archive.uidValidity)
        const arrived = uids.map(([, to]) => to)
        expect(await Promise.all(arrived.map((uid) => contentText(archive, uid)))).toEqual(contents)
        expect([...arrived].sort((a, b) => a - b)).toEqual(
          uidsOf(archive).filter((uid) => !there.includes(uid)),
        )
        expect((await inbox[way]([], 'Archive')).uids).toEqual([])
      }
    },
  },
  {
    name: 'copy: beside deliveries into the target, the answer names the right messages',
    needs: ['mailboxes'],
    async run({ store, account }) {
      const { opened, messages, inbox } = await filled(store, account)
      const [transfer] = await Promise.all([
        inbox.copy(uidsOf(inbox), 'Archive'),
        deliverMany(opened, 3, 'Archive'),
        deliverMany(await store.open(account), 3, 'Archive'),
      ])
      const archive = await opened.openMailbox('Archive')
      expect(archive.entries).toHaveLength(11)
      expectWellFormed(archive)
      expect(transfer.uids.map(([from]) => from)).toEqual(uidsOf(inbox))
      const arrived = await Promise.all(transfer.uids.map(([, to]) => contentText(archive, to)))
      expect(arrived).toEqual(messages)
    },
  },
  {
    name: 'transfers at the same time: every message is in exactly one place',
    needs: ['mailboxes'],
    async run({ store, account }) {
      const { opened, messages, inbox } = await filled(store, account)
      await opened.createMailbox('Trash')
      const other = await opened.openMailbox('INBOX')
      const uids = uidsOf(inbox)
      await Promise.all([
        outcomeOf(inbox.move(uids.slice(0, 3), 'Archive')),
        outcomeOf(other.move(uids.slice(2), 'Trash')),
        deliver(opened, sampleMessage('meanwhile')),
      ])
      const places = [
        await contentsOf(opened),
        await contentsOf(opened, 'Archive'),
        await contentsOf(opened, 'Trash'),
      ]
      expect(
        places
          .flat()
          .filter((content) => messages.includes(content))
          .sort(),
      ).toEqual([...messages].sort())
      expect(places.flat()).toHaveLength(6)
    },
  },
]
