import { expect } from 'vitest'
import type { ErrorCode } from '../../errors.ts'
import { bufferContent } from '../../model/content.ts'
import type { AccountStore, AppendMessage } from '../../services/store.ts'
import { expectCode, outcomeOf } from './expectations.ts'
import {
  append,
  contentsOf,
  contentText,
  deliver,
  deliverMany,
  entryAt,
  expectWellFormed,
  messageOfSize,
  type StoreCase,
  sampleMessage,
  text,
  uidsOf,
} from './store-fixture.ts'

/** So many messages that can be told apart. */
function samples(count: number): readonly Buffer[] {
  return Array.from({ length: count }, () => sampleMessage())
}

function withUid(uid: number): AppendMessage {
  return { content: bufferContent(sampleMessage()), uid }
}

/** Demands that an append fails with this code and changes nothing. */
async function expectNothing(
  opened: AccountStore,
  code: ErrorCode,
  messages: readonly (Buffer | AppendMessage)[],
  mailbox = 'INBOX',
): Promise<void> {
  const [before, usage] = [await opened.status('INBOX'), await opened.usage()]
  await expectCode(append(opened, messages, mailbox), code)
  expect(await opened.status('INBOX')).toMatchObject({ messages: before.messages, size: before.size })
  expect(await opened.usage()).toEqual(usage)
}

/** Messages that a client or an import puts into a mailbox. */
export const appendCases: readonly StoreCase[] = [
  {
    name: 'append: what POP3 clients know a message by is kept',
    async run({ store, account }) {
      const opened = await store.open(account)
      await append(opened, [
        { content: bufferContent(sampleMessage()), uidl: '0000001a5f3b' },
        sampleMessage(),
      ])
      const { entries } = await opened.openMailbox('INBOX')
      expect(entries.map(({ uidl }) => uidl)).toEqual(['0000001a5f3b', undefined])
    },
  },
  {
    name: 'append: answers the UIDs in the order of the messages (RFC 4315 §3)',
    async run({ store, account }) {
      const opened = await store.open(account)
      await deliverMany(opened, 2)
      const messages = samples(5)
      const { uidValidity, uids } = await append(opened, messages)
      const mailbox = await opened.openMailbox('INBOX')
      expectWellFormed(mailbox)
      expect(uidValidity).toBe(mailbox.uidValidity)
      expect(uidsOf(mailbox).slice(2)).toEqual(uids)
      for (const [index, uid] of uids.entries()) {
        expect(await contentText(mailbox, uid)).toBe(text(messages[index] ?? Buffer.alloc(0)))
      }
    },
  },
  {
    name: 'append: of nothing does nothing',
    async run({ store, account }) {
      const opened = await store.open(account)
      await deliver(opened)
      const before = await opened.status('INBOX')
      expect(await append(opened, [])).toEqual({ uidValidity: before.uidValidity, uids: [] })
      expect(await opened.status('INBOX')).toEqual(before)
    },
  },
  {
    name: 'append: keeps flags and dates of each message',
    async run({ store, account }) {
      const opened = await store.open(account)
      const { flags } = store.supports
      const dates = ['1999-12-31T23:59:59Z', '2026-02-28T00:00:00Z', '1970-01-01T00:00:01Z']
      await append(
        opened,
        dates.map((date, index) => ({
          content: bufferContent(sampleMessage()),
          internalDate: new Date(date),
          ...(flags && index !== 1 ? { flags: ['\\Seen', '\\Flagged'] } : {}),
        })),
      )
      const mailbox = await opened.openMailbox('INBOX')
      expect(mailbox.entries.map((entry) => entry.internalDate)).toEqual(dates.map((date) => new Date(date)))
      const kept = flags ? ['\\Flagged', '\\Seen'] : []
      expect(mailbox.entries.map((entry) => entry.flags)).toEqual([kept, [], kept])
    },
  },
  {
    name: 'append: MAIL_E_NOT_FOUND without the mailbox, which is not made',
    async run({ store, account }) {
      const opened = await store.open(account)
      await expectNothing(opened, 'MAIL_E_NOT_FOUND', samples(1), 'Nowhere')
      await expectCode(opened.status('Nowhere'), 'MAIL_E_NOT_FOUND')
    },
  },
  {
    name: 'append: all or none where they do not fit together (RFC 3502 §3)',
    async run({ store, account }) {
      const opened = await store.open({ ...account, quotaBytes: 1000 })
      await append(opened, [messageOfSize(300)])
      const tooMany = [messageOfSize(300), messageOfSize(300), messageOfSize(101)]
      await expectNothing(opened, 'MAIL_E_OVER_QUOTA', tooMany)
      await append(opened, [messageOfSize(300), messageOfSize(400)])
      expect(await opened.usage()).toEqual({ bytes: 1000, messages: 3 })
    },
  },
  {
    name: 'append: all or none where a message fails while it is read',
    async run({ store, account }) {
      const opened = await store.open({ ...account, quotaBytes: 1000 })
      const good = bufferContent(messageOfSize(400))
      const failing = {
        size: good.size,
        read: async () => Promise.reject(new Error('the source broke')),
        stream: () => good.stream().destroy(new Error('the source broke')),
      }
      const outcome = await outcomeOf(opened.append('INBOX', [{ content: good }, { content: failing }]))
      expect(outcome.ok).toBe(false)
      expect(await contentsOf(opened)).toEqual([])
      expect(await opened.usage()).toEqual({ bytes: 0, messages: 0 })
      await append(opened, [messageOfSize(600), messageOfSize(400)])
      expect(await opened.usage(), 'its room came back').toEqual({ bytes: 1000, messages: 2 })
    },
  },
  {
    name: 'append: all or none where one has a flag that cannot be',
    needs: ['flags', 'keywords'],
    async run({ store, account }) {
      const opened = await store.open(account)
      const content = bufferContent(sampleMessage())
      const messages = [{ content, flags: ['\\Seen'] }, { content, flags: ['a b'] }, { content }]
      await expectNothing(opened, 'MAIL_E_INVALID', messages)
    },
  },
  {
    name: 'append: flags that the store cannot keep do not stop it unnoticed',
    async run({ store, account }) {
      const opened = await store.open(account)
      const message = { content: bufferContent(sampleMessage()), flags: ['\\Seen', 'label1'] }
      const outcome = await outcomeOf(append(opened, [message]))
      expect(await contentsOf(opened)).toHaveLength(outcome.ok ? 1 : 0)
      if (!outcome.ok) await expectCode(Promise.reject(outcome.error), 'MAIL_E_UNSUPPORTED')
    },
  },
  {
    name: 'append: gives the wanted UIDs where the mailbox still can, else the next ones',
    async run({ store, account }) {
      const opened = await store.open(account)
      await deliverMany(opened, 3)
      const { uidNext } = await opened.status('INBOX')
      const wanted = [uidNext + 10, uidNext + 10, uidNext + 5, uidNext + 12, 1, uidNext + 1000]
      const { uids } = await append(opened, wanted.map(withUid))
      expect(uids.map((uid) => uid - uidNext)).toEqual([10, 11, 12, 13, 14, 1000])
      const mailbox = await opened.openMailbox('INBOX')
      expectWellFormed(mailbox)
      expect(uidsOf(mailbox).slice(3)).toEqual(uids)
      const later = await append(opened, [sampleMessage()])
      expect(later.uids[0]).toBeGreaterThan(uids.at(-1) ?? 0)
    },
  },
  {
    name: 'append: gives no wanted UID that is none, or that was used before',
    async run({ store, account }) {
      const opened = await store.open(account)
      await deliverMany(opened, 3)
      const mailbox = await opened.openMailbox('INBOX')
      const used = uidsOf(mailbox)
      await mailbox.expunge(used)
      const { uids } = await append(opened, used.map(withUid))
      expect(uids.filter((uid) => used.includes(uid))).toEqual([])
      for (const uid of [0, -1, 1.5, Number.NaN, 4_294_967_296, Number.POSITIVE_INFINITY]) {
        const { uidNext } = await opened.status('INBOX')
        expect((await append(opened, [withUid(uid)])).uids, String(uid)).toEqual([uidNext])
      }
      expectWellFormed(await opened.openMailbox('INBOX'))
    },
  },
  {
    name: 'append: at the end of the UIDs gives none twice and none beyond; what is refused is not there',
    async run({ store, account }) {
      const opened = await store.open(account)
      const { uidValidity, uids } = await append(opened, [withUid(4_294_967_294)])
      let taken = 1
      for (let round = 0; round < 3; round++) {
        const outcome = await outcomeOf(append(opened, [sampleMessage(), sampleMessage()]))
        if (outcome.ok) taken += 2
        else await expectCode(Promise.reject(outcome.error), 'MAIL_E_UNAVAILABLE')
        expect(await contentsOf(opened)).toHaveLength(taken)
      }
      const mailbox = await opened.openMailbox('INBOX')
      expectWellFormed(mailbox)
      if (mailbox.uidValidity === uidValidity) expect(uidsOf(mailbox)[0]).toBe(uids[0])
    },
  },
  {
    name: 'append: several at the same time are each kept together, their UIDs their own',
    async run({ store, account }) {
      const openers = await Promise.all(Array.from({ length: 6 }, () => store.open(account)))
      const [opened = await store.open(account)] = openers
      const batches = openers.map(() => samples(4))
      const answers = await Promise.all(openers.map((opener, index) => append(opener, batches[index] ?? [])))
      const mailbox = await opened.openMailbox('INBOX')
      expectWellFormed(mailbox)
      const given = answers.flatMap((answer) => answer.uids)
      expect([...given].sort((a, b) => a - b)).toEqual(uidsOf(mailbox))
      const contents = await Promise.all(given.map((uid) => contentText(mailbox, uid)))
      expect(contents).toEqual(batches.flat().map(text))
      for (const { uids } of answers) expect(uids).toEqual([...uids].sort((a, b) => a - b))
    },
  },
  {
    name: 'append: beside deliveries, each message has one UID and the answer names the right ones',
    async run({ store, account }) {
      const opened = await store.open(account)
      const appended = samples(3)
      const [answer] = await Promise.all([
        append(opened, appended),
        deliverMany(opened, 4),
        deliverMany(await store.open(account), 4),
      ])
      const mailbox = await opened.openMailbox('INBOX')
      expect(mailbox.entries).toHaveLength(11)
      const contents = await Promise.all(answer.uids.map((uid) => contentText(mailbox, uid)))
      expect(contents).toEqual(appended.map(text))
      expect(entryAt(mailbox, 10).uid).toBeLessThan(mailbox.uidNext)
    },
  },
]
