import { expect } from 'vitest'
import { bufferContent } from '../../model/content.ts'
import { expectCode } from './expectations.ts'
import {
  append,
  deliver,
  deliverMany,
  entryAt,
  expectWellFormed,
  type StoreCase,
  sampleMessage,
  uidsOf,
} from './store-fixture.ts'

const specials = '(){%*"\\]'
/** A keyword of each octet that RFC 9051 §9 lets stand in an atom. Capitals would be the same keywords again. */
const singleCharacters: readonly string[] = Array.from({ length: 94 }, (_, index) =>
  String.fromCharCode(33 + index),
).filter((character) => !specials.includes(character) && character === character.toLowerCase())

function inLowerCase(flags: readonly string[]): readonly string[] {
  return flags.map((flag) => flag.toLowerCase()).sort()
}

/** Keywords of the clients' own. */
export const keywordCases: readonly StoreCase[] = [
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
    name: 'keywords: of every octet that an atom may have, and long ones',
    needs: ['flags', 'keywords'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await deliverMany(opened, 2)
      const mailbox = await opened.openMailbox('INBOX')
      const long = `$${'x'.repeat(99)}`
      await mailbox.changeFlags([entryAt(mailbox, 0).uid], { set: singleCharacters })
      await mailbox.changeFlags([entryAt(mailbox, 1).uid], { set: [long] })
      expect(entryAt(mailbox, 0).flags).toEqual([...singleCharacters].sort())
      expect(entryAt(mailbox, 1).flags).toEqual([long])
      expect((await opened.openMailbox('INBOX')).entries).toEqual(mailbox.entries)
    },
  },
  {
    name: 'keywords: a hundred in one mailbox, on one message or on many',
    needs: ['flags', 'keywords'],
    async run({ store, account }) {
      const opened = await store.open(account)
      const keywords = Array.from({ length: 100 }, (_, index) => `label-${index}`)
      await deliverMany(opened, 20)
      const mailbox = await opened.openMailbox('INBOX')
      for (const [index, { uid }] of mailbox.entries.entries()) {
        await mailbox.changeFlags([uid], { add: keywords.slice(index * 5, index * 5 + 5) })
      }
      await mailbox.changeFlags([entryAt(mailbox, 7).uid], { add: keywords })
      const { entries } = await opened.openMailbox('INBOX')
      for (const [index, { flags }] of entries.entries()) {
        const expected = index === 7 ? keywords : keywords.slice(index * 5, index * 5 + 5)
        expect(flags, `message ${index + 1}`).toEqual([...expected].sort())
      }
    },
  },
  {
    name: 'keywords: keep their case and are compared without it (RFC 9051 §2.3.2)',
    needs: ['flags', 'keywords'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await deliverMany(opened, 2)
      const mailbox = await opened.openMailbox('INBOX')
      const [first = 0, second = 0] = uidsOf(mailbox)
      await mailbox.changeFlags([first], { add: ['Work-Later'] })
      expect(entryAt(mailbox, 0).flags).toEqual(['Work-Later'])
      await mailbox.changeFlags([first, second], { add: ['WORK-LATER', 'work-later'] })
      for (const { flags } of mailbox.entries) expect(inLowerCase(flags)).toEqual(['work-later'])
      await mailbox.changeFlags([first], { remove: ['work-LATER'] })
      await mailbox.changeFlags([second], { set: ['other', 'Other'] })
      expect(mailbox.entries.map((entry) => inLowerCase(entry.flags))).toEqual([[], ['other']])
    },
  },
  {
    name: 'keywords: come in with an append',
    needs: ['flags', 'keywords'],
    async run({ store, account }) {
      const opened = await store.open(account)
      const content = bufferContent(sampleMessage())
      await append(opened, [
        { content, flags: ['label1', '\\Seen', 'Label1'] },
        { content, flags: [] },
        { content, flags: ['$Forwarded'] },
      ])
      const mailbox = await opened.openMailbox('INBOX')
      expect(mailbox.entries.map((entry) => inLowerCase(entry.flags))).toEqual([
        ['\\seen', 'label1'],
        [],
        ['$forwarded'],
      ])
      expectWellFormed(mailbox)
    },
  },
  {
    name: 'keywords: go along with copies and moves, into a mailbox that has others',
    needs: ['flags', 'keywords', 'mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await opened.createMailbox('Archive')
      await deliver(opened, sampleMessage(), 'Archive', { flags: ['a', 'b', 'c'] })
      for (const flags of [['c', 'd'], ['e', '\\Flagged'], []])
        await deliver(opened, sampleMessage(), 'INBOX', { flags })
      const mailbox = await opened.openMailbox('INBOX')
      const [first = 0, second = 0, third = 0] = uidsOf(mailbox)
      await mailbox.copy([first, third], 'Archive')
      await mailbox.move([second], 'Archive')
      const archive = await opened.openMailbox('Archive')
      expect(archive.entries.map((entry) => entry.flags)).toEqual([
        ['a', 'b', 'c'],
        ['c', 'd'],
        [],
        ['\\Flagged', 'e'],
      ])
    },
  },
]
