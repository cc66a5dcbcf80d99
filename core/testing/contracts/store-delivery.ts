import { buffer } from 'node:stream/consumers'
import { expect } from 'vitest'
import { bufferContent, readAll } from '../../model/content.ts'
import { expectCode, outcomeOf } from './expectations.ts'
import {
  contentsOf,
  contentText,
  deliver,
  deliverMany,
  entryAt,
  expectWellFormed,
  messageOfSize,
  namesOf,
  type StoreCase,
  sampleMessage,
  stage,
  text,
} from './store-fixture.ts'

const hostileMessages: readonly (readonly [string, Buffer])[] = [
  [
    'all 256 octets but CR and LF',
    Buffer.from([...Array(256).keys()].filter((octet) => octet !== 10 && octet !== 13)),
  ],
  ['a line of a million octets', Buffer.alloc(1_000_000, 'x')],
  [
    'lines that look like other formats',
    Buffer.from('From a Mon Jan  1 00:00:00 2024\r\n.\r\n..\r\n>From b\r\n\r\n'),
  ],
  ['many empty lines', Buffer.from('\r\n'.repeat(1000))],
]

/** Delivery in two phases, and the octets that come back. */
export const deliveryCases: readonly StoreCase[] = [
  {
    name: 'stage: shows nothing before commit, everything after it',
    async run({ store, account }) {
      const opened = await store.open(account)
      const staged = await stage(opened)
      expect(await opened.status('INBOX')).toMatchObject({ messages: 0, size: 0, unseen: 0 })
      expect(await contentsOf(opened)).toEqual([])
      await staged.commit()
      expect(await opened.status('INBOX')).toMatchObject({ messages: 1 })
      expect(await contentsOf(opened)).toHaveLength(1)
    },
  },
  {
    name: 'abort: leaves nothing, and may be called again',
    async run({ store, account }) {
      const opened = await store.open(account)
      await deliver(opened)
      const before = [await opened.status('INBOX'), await opened.usage(), await namesOf(opened)]
      const staged = await stage(opened)
      await staged.abort()
      await staged.abort()
      expect([await opened.status('INBOX'), await opened.usage(), await namesOf(opened)]).toEqual(before)
    },
  },
  {
    name: 'commit after abort: fails and brings nothing back',
    async run({ store, account }) {
      const opened = await store.open(account)
      const staged = await stage(opened)
      await staged.abort()
      expect((await outcomeOf(staged.commit())).ok, 'commit said it is there').toBe(false)
      expect(await contentsOf(opened)).toEqual([])
    },
  },
  {
    name: 'abort or commit after commit: the message stays, once',
    async run({ store, account }) {
      const opened = await store.open(account)
      const message = sampleMessage()
      const staged = await stage(opened, message)
      await staged.commit()
      await outcomeOf(staged.abort())
      await outcomeOf(staged.commit())
      expect(await contentsOf(opened)).toEqual([text(message)])
    },
  },
  {
    name: 'stage: MAIL_E_NOT_FOUND without the mailbox, makes it where asked to',
    needs: ['mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await expectCode(stage(opened, sampleMessage(), 'Archive/2026'), 'MAIL_E_NOT_FOUND')
      expect(await namesOf(opened)).toEqual(['INBOX'])
      await deliver(opened, sampleMessage('one'), 'Archive/2026', { create: true })
      await deliver(opened, sampleMessage('two'), 'Archive/2026', { create: true })
      expect(await contentsOf(opened, 'Archive/2026')).toHaveLength(2)
      expect(await namesOf(opened)).toContain('Archive/2026')
    },
    async otherwise({ store, account }) {
      const opened = await store.open(account)
      await expectCode(stage(opened, sampleMessage(), 'Archive'), 'MAIL_E_NOT_FOUND')
      await expectCode(stage(opened, sampleMessage(), 'Archive', { create: true }), 'MAIL_E_UNSUPPORTED')
    },
  },
  {
    name: 'abort: leaves no mailbox behind that the commit would have made',
    needs: ['mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      const create = { create: true }
      const staged = await stage(opened, sampleMessage(), 'New/Box', create)
      await staged.abort()
      expect(await namesOf(opened)).toEqual(['INBOX'])
      await expectCode(opened.status('New/Box'), 'MAIL_E_NOT_FOUND')
      const message = sampleMessage()
      const [kept, given] = [
        await stage(opened, message, 'New/Box', create),
        await stage(opened, sampleMessage(), 'New/Box', create),
      ]
      await given.abort()
      await kept.commit()
      expect(await namesOf(opened)).toEqual(['INBOX', 'New', 'New/Box'])
      expect(await contentsOf(opened, 'New/Box')).toEqual([text(message)])
    },
  },
  {
    name: 'prepare: shows no message, may be called again, and an abort after it leaves none',
    needs: ['mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      const create = { create: true }
      const message = sampleMessage()
      const [kept, given] = [
        await stage(opened, message, 'New/Box', create),
        await stage(opened, sampleMessage(), 'New/Box', create),
      ]
      for (const each of [kept, given, kept]) await each.prepare?.()
      await given.abort()
      expect(await opened.usage()).toEqual({ bytes: 0, messages: 0 })
      await kept.commit()
      expect(await contentsOf(opened, 'New/Box')).toEqual([text(message)])
    },
  },
  {
    name: 'commit: makes the mailbox anew that was deleted after the staging, where asked to',
    needs: ['mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      const { flags } = store.supports
      for (const more of [{}, { internalDate: new Date() }, ...(flags ? [{ flags: ['\\Seen'] }] : [])]) {
        const message = sampleMessage()
        await opened.createMailbox('Work')
        const staged = await stage(opened, message, 'Work', { create: true, ...more })
        const without = await stage(opened, message, 'Work', more)
        await opened.deleteMailbox('Work')
        expect((await outcomeOf(without.commit())).ok, 'commit said it is there').toBe(false)
        expect(await namesOf(opened)).toEqual(['INBOX'])
        await staged.prepare?.()
        await staged.commit()
        expect(await contentsOf(opened, 'Work')).toEqual([text(message)])
        await opened.deleteMailbox('Work')
      }
    },
  },
  {
    name: 'commit: several at the same time make one mailbox, and all are in it',
    needs: ['mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      const { flags } = store.supports
      const messages = Array.from({ length: 6 }, (_, index) => sampleMessage(`first ${index}`))
      const staged = await Promise.all(
        messages.map((message, index) => {
          const more = flags && index % 2 === 1 ? { flags: ['\\Seen'] } : {}
          return stage(opened, message, 'New/Box', { create: true, ...more })
        }),
      )
      await Promise.all(staged.map((each) => each.commit()))
      expect([...(await contentsOf(opened, 'New/Box'))].sort()).toEqual(messages.map(text).sort())
      const mailbox = await opened.openMailbox('New/Box')
      expectWellFormed(mailbox)
      expect(await opened.status('New/Box')).toMatchObject({ messages: 6, unseen: flags ? 3 : 6 })
    },
  },
  {
    name: 'stage: many at the same time, some aborted, are kept whole and apart',
    async run({ store, account }) {
      const opened = await store.open(account)
      const messages = Array.from({ length: 24 }, (_, index) => sampleMessage(`parallel ${index}`))
      await Promise.all(
        messages.map(async (message, index) => {
          const staged = await stage(opened, message)
          await (index % 4 === 3 ? staged.abort() : staged.commit())
        }),
      )
      const kept = messages.filter((_, index) => index % 4 !== 3).map(text)
      expect([...(await contentsOf(opened))].sort()).toEqual(kept.sort())
      const mailbox = await opened.openMailbox('INBOX')
      expectWellFormed(mailbox)
    },
  },
  {
    name: 'content: octets come back as they were given',
    async run({ store, account }) {
      const opened = await store.open(account)
      for (const [, octets] of hostileMessages) {
        await deliver(opened, Buffer.concat([Buffer.from('Subject: x\r\n\r\n'), octets, Buffer.from('\r\n')]))
      }
      const contents = await contentsOf(opened)
      for (const [index, [what, octets]] of hostileMessages.entries()) {
        expect(contents[index] === `Subject: x\r\n\r\n${text(octets)}\r\n`, what).toBe(true)
      }
    },
  },
  {
    name: 'content: odd messages (empty, no header, no last line end, bare LF) are kept and their sizes agree',
    async run({ store, account }) {
      const opened = await store.open(account)
      for (const octets of ['', 'x', 'Subject: x\r\n\r\nno end', 'Subject: x\n\nbare\nline ends\n']) {
        await deliver(opened, Buffer.from(octets))
      }
      const mailbox = await opened.openMailbox('INBOX')
      expect(mailbox.entries).toHaveLength(4)
      for (const entry of mailbox.entries) {
        const content = await mailbox.content(entry.uid)
        expect(content.size).toBe(entry.size)
        expect(await readAll(content)).toHaveLength(entry.size)
      }
    },
  },
  {
    name: 'content: any range of octets can be read, also of a large message',
    async run({ store, account }) {
      const opened = await store.open(account)
      const octets = messageOfSize(300_001)
      await deliver(opened, octets)
      const mailbox = await opened.openMailbox('INBOX')
      const content = await mailbox.content(entryAt(mailbox, 0).uid)
      expect(content.size).toBe(octets.length)
      const ranges = [
        [0, 0],
        [0, 1],
        [5, 5],
        [17, 4711],
        [65_535, 65_537],
        [131_072, 262_144],
        [300_000, 300_001],
      ] as const
      for (const [start, end] of ranges) {
        expect(
          (await content.read(start, end)).equals(octets.subarray(start, end)),
          `read ${start}-${end}`,
        ).toBe(true)
        const streamed = start === end ? Buffer.alloc(0) : await buffer(content.stream(start, end))
        expect(streamed.equals(octets.subarray(start, end)), `stream ${start}-${end}`).toBe(true)
      }
      expect((await content.read(299_990, 999_999)).equals(octets.subarray(299_990)), 'clipped').toBe(true)
      expect(await content.read(300_001, 300_100)).toHaveLength(0)
      expect((await buffer(content.stream())).equals(octets), 'stream of all').toBe(true)
    },
  },
  {
    name: 'content: MAIL_E_NOT_FOUND for a UID that is not there',
    async run({ store, account }) {
      const opened = await store.open(account)
      await deliver(opened)
      const mailbox = await opened.openMailbox('INBOX')
      for (const uid of [0, -1, 1.5, Number.NaN, mailbox.uidNext, 4_294_967_296]) {
        await expectCode(mailbox.content(uid), 'MAIL_E_NOT_FOUND')
      }
    },
  },
  {
    name: 'sizes: entry, status and usage agree with the octets in CRLF form',
    async run({ store, account }) {
      const opened = await store.open(account)
      const messages = await deliverMany(opened, 3)
      const octets = messages.reduce((sum, message) => sum + message.length, 0)
      const mailbox = await opened.openMailbox('INBOX')
      expect(mailbox.entries.map((entry) => entry.size)).toEqual(messages.map((message) => message.length))
      expect(await opened.status('INBOX')).toMatchObject({ messages: 3, unseen: 3, size: octets })
      expect(await opened.usage()).toEqual({ bytes: octets, messages: 3 })
    },
  },
  {
    name: 'internalDate: kept where given (to the second), else a date of now',
    async run({ store, account }) {
      const opened = await store.open(account)
      const given = new Date('2001-02-03T04:05:06Z')
      await deliver(opened, sampleMessage(), 'INBOX', { internalDate: given })
      await deliver(opened)
      const mailbox = await opened.openMailbox('INBOX')
      expect(
        mailbox.entries.map((entry) => entry.internalDate.getTime()).filter((at) => at === given.getTime()),
      ).toHaveLength(1)
      expectWellFormed(mailbox)
    },
  },
  {
    name: 'stage: a content that fails while it is read leaves nothing',
    async run({ store, account }) {
      const opened = await store.open(account)
      const good = bufferContent(sampleMessage())
      const failing = {
        size: good.size,
        read: async () => Promise.reject(new Error('the source broke')),
        stream: () => good.stream().destroy(new Error('the source broke')),
      }
      expect((await outcomeOf(opened.stage('INBOX', failing))).ok).toBe(false)
      expect(await opened.status('INBOX')).toMatchObject({ messages: 0, size: 0 })
      expect(await opened.usage()).toEqual({ bytes: 0, messages: 0 })
    },
  },
  {
    name: 'content: one that is being read is not harmed by later deliveries',
    async run({ store, account }) {
      const opened = await store.open(account)
      const [first = Buffer.alloc(0)] = await deliverMany(opened, 1)
      const mailbox = await opened.openMailbox('INBOX')
      const content = await mailbox.content(entryAt(mailbox, 0).uid)
      await deliverMany(opened, 3)
      expect((await readAll(content)).equals(first)).toBe(true)
      expect(await contentText(mailbox, entryAt(mailbox, 0).uid)).toBe(text(first))
    },
  },
]
