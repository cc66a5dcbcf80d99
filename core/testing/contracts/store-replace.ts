import { expect } from 'vitest'
import { bufferContent } from '../../model/content.ts'
import type { Mailbox } from '../../services/mailbox.ts'
import type { AccountStore, Appended } from '../../services/store.ts'
import { expectCode } from './expectations.ts'
import {
  append,
  contentsOf,
  deliverMany,
  entryAt,
  expectWellFormed,
  messageOfSize,
  type StoreCase,
  sampleMessage,
  text,
  uidsOf,
} from './store-fixture.ts'

/** Replaces a message of an opened mailbox. */
async function replace(mailbox: Mailbox, uid: number, octets: Buffer): Promise<Appended | undefined> {
  return mailbox.replace?.(uid, { content: bufferContent(octets) })
}

/** INBOX where the store can replace messages, with some in it. Undefined where it leaves that to others. */
async function replaceable(opened: AccountStore, count: number): Promise<Mailbox | undefined> {
  await deliverMany(opened, count)
  const mailbox = await opened.openMailbox('INBOX')
  return mailbox.replace === undefined ? undefined : mailbox
}

/** Messages in the place of others, in one step. */
export const replaceCases: readonly StoreCase[] = [
  {
    name: 'replace: the new message is there and the other one gone',
    async run({ store, account }) {
      const opened = await store.open(account)
      const mailbox = await replaceable(opened, 3)
      if (mailbox === undefined) return
      const [before, octets] = [uidsOf(mailbox), sampleMessage()]
      const { uid, size } = entryAt(mailbox, 1)
      const usage = await opened.usage()
      const appended = await replace(mailbox, uid, octets)
      expect(uidsOf(mailbox), 'the view of who did it has not the other one').not.toContain(uid)
      await mailbox.refresh()
      expectWellFormed(mailbox)
      expect(appended).toMatchObject({ uidValidity: mailbox.uidValidity })
      expect(uidsOf(mailbox)).toEqual([before[0], before[2], ...(appended?.uids ?? [])])
      expect((await contentsOf(opened)).at(-1)).toBe(text(octets))
      expect(await opened.usage()).toEqual({ bytes: usage.bytes - size + octets.length, messages: 3 })
    },
  },
  {
    name: 'replace: of a message that is gone puts nothing in',
    async run({ store, account }) {
      const opened = await store.open(account)
      const mailbox = await replaceable(opened, 3)
      if (mailbox === undefined) return
      const { uid } = entryAt(mailbox, 0)
      await (await opened.openMailbox('INBOX')).expunge([uid])
      const [status, usage] = [await opened.status('INBOX'), await opened.usage()]
      expect(await replace(mailbox, uid, sampleMessage())).toBeUndefined()
      expect(await opened.status('INBOX')).toEqual(status)
      expect(await opened.usage()).toEqual(usage)
    },
  },
  {
    name: 'replace: several at the same time, of one message: only one is ever there',
    async run({ store, account }) {
      const opened = await store.open(account)
      const mailbox = await replaceable(opened, 3)
      if (mailbox === undefined) return
      const { uid } = entryAt(mailbox, 0)
      const others = await Promise.all([1, 2, 3].map(() => opened.openMailbox('INBOX')))
      const answers = await Promise.all(others.map((each) => replace(each, uid, sampleMessage())))
      expect(answers.filter((answer) => answer !== undefined)).toHaveLength(1)
      const { messages, uidNext } = await opened.status('INBOX')
      expect([messages, uidNext], 'the others have taken no UID').toEqual([3, mailbox.uidNext + 1])
    },
  },
  {
    name: 'replace: needs room only for what is more, and without it changes nothing',
    async run({ store, account }) {
      const opened = await store.open({ ...account, quotaBytes: 1000 })
      await append(opened, [messageOfSize(600), messageOfSize(400)])
      const mailbox = await opened.openMailbox('INBOX')
      if (mailbox.replace === undefined) return
      const { uid } = entryAt(mailbox, 0)
      await expectCode(replace(mailbox, uid, messageOfSize(601)), 'MAIL_E_OVER_QUOTA')
      expect(await opened.usage()).toEqual({ bytes: 1000, messages: 2 })
      expect(await replace(mailbox, uid, messageOfSize(600))).toBeDefined()
      expect(await opened.usage()).toEqual({ bytes: 1000, messages: 2 })
    },
  },
]
