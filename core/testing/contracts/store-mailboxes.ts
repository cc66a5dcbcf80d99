import { expect } from 'vitest'
import type { AccountStore } from '../../services/store.ts'
import { codeOf, expectCode, outcomeOf } from './expectations.ts'
import {
  contentsOf,
  deliver,
  deliverMany,
  expectWellFormed,
  namesOf,
  otherAccount,
  type StoreCase,
  sampleMessage,
  stage,
  text,
  uidsOf,
} from './store-fixture.ts'

/** No store may take these. */
const invalidNames: readonly string[] = [
  '',
  '/',
  '/a',
  'a/',
  'a//b',
  'a\0b',
  'a\r\nb',
  'a\tb',
  '\x7f',
  'x\ud800y',
  'x'.repeat(10_000),
]

/** Every store must take these: people have such mailboxes, and attackers try them. */
const ordinaryNames: readonly string[] = [
  'Archive',
  'Sent Items',
  'Entwürfe',
  '日本語',
  'Tom & Jerry',
  '&-',
  'a/b/c',
  '__proto__',
  'constructor',
  'new',
  'cur',
  'tmp',
  "Robert'); DROP TABLE mailboxes;--",
  '%',
  '*',
]

/** A store may take or refuse these (MAIL_E_INVALID), but never do anything else. */
const doubtfulNames: readonly string[] = [
  '.',
  '..',
  '../x',
  'a/../b',
  '.hidden',
  'a.b',
  '~root',
  '$HOME',
  'x'.repeat(300),
  'a\\b',
  'e\u0301',
  '\u202eevil',
]

async function expectUsable(opened: AccountStore, name: string): Promise<void> {
  const message = sampleMessage(`in ${name}`.slice(0, 40))
  await deliver(opened, message, name)
  expect(await contentsOf(opened, name), name).toEqual([text(message)])
  expect(await namesOf(opened), name).toContain(name)
  await opened.deleteMailbox(name)
  expect(await namesOf(opened), name).not.toContain(name)
}

/** Mailboxes beside INBOX. */
export const mailboxCases: readonly StoreCase[] = [
  {
    name: 'createMailbox: lists INBOX first, then sorted, parents included',
    needs: ['mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      for (const name of ['Work/Letters/2026', 'Archive', 'Work/Bills']) await opened.createMailbox(name)
      expect(await namesOf(opened)).toEqual([
        'INBOX',
        'Archive',
        'Work',
        'Work/Bills',
        'Work/Letters',
        'Work/Letters/2026',
      ])
      const mailbox = await opened.openMailbox('Work/Letters')
      expectWellFormed(mailbox)
      expect(mailbox).toMatchObject({ name: 'Work/Letters', entries: [] })
    },
    async otherwise({ store, account }) {
      const opened = await store.open(account)
      await expectCode(opened.createMailbox('Archive'), 'MAIL_E_UNSUPPORTED')
      await expectCode(opened.deleteMailbox('Archive'), 'MAIL_E_UNSUPPORTED')
      await expectCode(opened.renameMailbox('INBOX', 'Archive'), 'MAIL_E_UNSUPPORTED')
      expect(await namesOf(opened)).toEqual(['INBOX'])
    },
  },
  {
    name: 'createMailbox: MAIL_E_EXISTS for what exists, INBOX in any case included',
    needs: ['mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await opened.createMailbox('Archive')
      for (const name of ['Archive', 'INBOX', 'inbox'])
        await expectCode(opened.createMailbox(name), 'MAIL_E_EXISTS')
    },
  },
  {
    name: 'names: case makes two mailboxes of them, but for INBOX (RFC 9051 §5.1)',
    needs: ['mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      const names = ['FOO', 'Foo', 'foo', 'foo/Bar', 'foo/bar', 'É', 'é']
      for (const name of names) {
        await opened.createMailbox(name)
        await deliver(opened, sampleMessage(`in ${name}`), name)
      }
      expect(await namesOf(opened)).toEqual(['INBOX', ...names])
      for (const name of names)
        expect(await contentsOf(opened, name), name).toEqual([text(sampleMessage(`in ${name}`))])
      await opened.renameMailbox('Foo', 'fOO')
      await opened.deleteMailbox('FOO')
      expect(await namesOf(opened)).toEqual(['INBOX', ...['fOO', ...names.slice(2)].sort()])
      for (const name of ['inbox', 'Inbox', 'INBOX'])
        expect(await opened.status(name)).toMatchObject({ name: 'INBOX', messages: 0 })
    },
  },
  {
    name: 'names: those that cannot be are MAIL_E_INVALID for every call',
    needs: ['mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await opened.createMailbox('Real')
      for (const name of invalidNames) {
        await expectCode(opened.createMailbox(name), 'MAIL_E_INVALID')
        await expectCode(opened.renameMailbox('Real', name), 'MAIL_E_INVALID')
        await expectCode(opened.openMailbox(name), 'MAIL_E_INVALID', 'MAIL_E_NOT_FOUND')
        await expectCode(opened.status(name), 'MAIL_E_INVALID', 'MAIL_E_NOT_FOUND')
        await expectCode(opened.deleteMailbox(name), 'MAIL_E_INVALID', 'MAIL_E_NOT_FOUND')
        await expectCode(stage(opened, sampleMessage(), name), 'MAIL_E_INVALID', 'MAIL_E_NOT_FOUND')
        await expectCode(stage(opened, sampleMessage(), name, { create: true }), 'MAIL_E_INVALID')
      }
      expect(await namesOf(opened)).toEqual(['INBOX', 'Real'])
    },
  },
  {
    name: 'names: people’s and attackers’ names can be made, filled, listed and deleted',
    needs: ['mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      for (const name of ordinaryNames) {
        await opened.createMailbox(name)
        await expectUsable(opened, name)
      }
      expect(await opened.status('INBOX')).toMatchObject({ messages: 0 })
    },
  },
  {
    name: 'names: doubtful ones are kept exactly or refused with MAIL_E_INVALID, and reach nothing else',
    needs: ['mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      const neighbour = await store.open(otherAccount(account, 'x'))
      await deliver(neighbour)
      for (const name of doubtfulNames) {
        const outcome = await outcomeOf(opened.createMailbox(name))
        if (outcome.ok) await expectUsable(opened, name)
        else expect(codeOf(outcome.error), name).toBe('MAIL_E_INVALID')
      }
      expect(await opened.status('INBOX')).toMatchObject({ messages: 0 })
      expect(await neighbour.usage()).toMatchObject({ messages: 1 })
      expect(await namesOf(neighbour)).toEqual(['INBOX'])
    },
  },
  {
    name: 'deleteMailbox: takes its messages with it and leaves its children',
    needs: ['mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await opened.createMailbox('Work/Bills')
      await deliver(opened, sampleMessage(), 'Work')
      await deliver(opened, sampleMessage(), 'Work/Bills')
      await opened.deleteMailbox('Work')
      expect(await namesOf(opened)).toEqual(['INBOX', 'Work/Bills'])
      expect(await contentsOf(opened, 'Work/Bills')).toHaveLength(1)
      expect(await opened.usage()).toMatchObject({ messages: 1 })
      await expectCode(opened.status('Work'), 'MAIL_E_NOT_FOUND')
      await expectCode(opened.deleteMailbox('Work'), 'MAIL_E_NOT_FOUND')
      await expectCode(opened.deleteMailbox('INBOX'), 'MAIL_E_INVALID')
      await expectCode(opened.deleteMailbox('inbox'), 'MAIL_E_INVALID')
    },
  },
  {
    name: 'deleteMailbox: whoever has it open learns of it at the next refresh',
    needs: ['mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await deliver(opened, sampleMessage(), 'Archive', { create: true })
      const view = await opened.openMailbox('Archive')
      await opened.deleteMailbox('Archive')
      await expectCode(view.refresh(), 'MAIL_E_NOT_FOUND')
      await view.close()
    },
  },
  {
    name: 'deleteMailbox: a mailbox made again under the name never shows an old UID as a new message',
    needs: ['mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await deliver(opened, sampleMessage(), 'Archive', { create: true })
      const before = await opened.status('Archive')
      await opened.deleteMailbox('Archive')
      await deliver(opened, sampleMessage(), 'Archive', { create: true })
      const after = await opened.openMailbox('Archive')
      expect(after.uidValidity).toBeGreaterThanOrEqual(before.uidValidity)
      if (after.uidValidity === before.uidValidity)
        expect(uidsOf(after)[0]).toBeGreaterThanOrEqual(before.uidNext)
    },
  },
  {
    name: 'deleteMailbox, renameMailbox: a delivery that was staged before is kept or refused, never lost',
    needs: ['mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      for (const change of ['delete', 'rename'] as const) {
        await opened.createMailbox('Archive')
        const before = await opened.usage()
        const staged = await stage(opened, sampleMessage(), 'Archive')
        await (change === 'delete' ? opened.deleteMailbox('Archive') : opened.renameMailbox('Archive', 'Old'))
        const committed = (await outcomeOf(staged.commit())).ok
        if (!committed) await staged.abort()
        expect((await opened.usage()).messages, change).toBe(before.messages + (committed ? 1 : 0))
        if (committed && (await namesOf(opened)).includes('Archive')) await opened.deleteMailbox('Archive')
      }
    },
  },
  {
    name: 'renameMailbox: takes messages and children along',
    needs: ['mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await opened.createMailbox('Work/Bills')
      const bills = await deliverMany(opened, 2, 'Work/Bills')
      const work = await deliverMany(opened, 2, 'Work')
      await opened.renameMailbox('Work', 'Old/Office')
      expect(await namesOf(opened)).toEqual(['INBOX', 'Old', 'Old/Office', 'Old/Office/Bills'])
      expect(await contentsOf(opened, 'Old/Office')).toEqual(work.map(text))
      expect(await contentsOf(opened, 'Old/Office/Bills')).toEqual(bills.map(text))
      await expectCode(opened.status('Work'), 'MAIL_E_NOT_FOUND')
    },
  },
  {
    name: 'renameMailbox: MAIL_E_NOT_FOUND, MAIL_E_EXISTS, and never a loss',
    needs: ['mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await opened.createMailbox('Other')
      await deliverMany(opened, 2, 'Other')
      await deliver(opened, sampleMessage(), 'Work', { create: true })
      await expectCode(opened.renameMailbox('Nowhere', 'There'), 'MAIL_E_NOT_FOUND')
      await expectCode(opened.renameMailbox('Work', 'Other'), 'MAIL_E_EXISTS')
      await expectCode(opened.renameMailbox('Work', 'inbox'), 'MAIL_E_EXISTS')
      await outcomeOf(opened.renameMailbox('Work', 'Work'))
      await outcomeOf(opened.renameMailbox('Work', 'Work/Below'))
      expect(await contentsOf(opened, 'Other')).toHaveLength(2)
      expect(await opened.usage()).toMatchObject({ messages: 3 })
    },
  },
  {
    name: 'renameMailbox: a name that only begins like the renamed one is left alone',
    needs: ['mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      for (const name of ['Work', 'Workshop', 'Work-2']) await opened.createMailbox(name)
      await opened.renameMailbox('Work', 'Play')
      expect(await namesOf(opened)).toEqual(['INBOX', 'Play', 'Work-2', 'Workshop'])
    },
  },
  {
    name: 'renameMailbox: a level that is no mailbox goes with all below it, or stays with all of them',
    needs: ['mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      for (const name of ['Lev/One/Two', 'Lev/Other', 'Level', 'Taken']) await opened.createMailbox(name)
      for (const name of ['Lev/One', 'Lev']) await opened.deleteMailbox(name)
      const messages = await deliverMany(opened, 2, 'Lev/One/Two')
      await expectCode(opened.renameMailbox('Lev', 'Taken'), 'MAIL_E_EXISTS', 'MAIL_E_NOT_FOUND')
      await expectCode(opened.renameMailbox('Lev', 'Lev/Below'), 'MAIL_E_INVALID', 'MAIL_E_NOT_FOUND')
      const { ok } = await outcomeOf(opened.renameMailbox('Lev', 'New/Lev'))
      const renamed = ['INBOX', 'Level', 'New', 'New/Lev/One/Two', 'New/Lev/Other', 'Taken']
      const former = ['INBOX', 'Lev/One/Two', 'Lev/Other', 'Level', 'Taken']
      expect(await namesOf(opened)).toEqual(ok ? renamed : former)
      expect(await contentsOf(opened, ok ? 'New/Lev/One/Two' : 'Lev/One/Two')).toEqual(messages.map(text))
    },
  },
  {
    name: 'renameMailbox: of INBOX moves its messages and leaves it there, empty (RFC 9051 §6.3.6)',
    needs: ['mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      const messages = await deliverMany(opened, 2)
      const used = uidsOf(await opened.openMailbox('INBOX'))
      await opened.renameMailbox('INBOX', 'Archive')
      expect(await namesOf(opened)).toEqual(['INBOX', 'Archive'])
      expect([...(await contentsOf(opened, 'Archive'))].sort()).toEqual(messages.map(text).sort())
      expect(await contentsOf(opened)).toEqual([])
      await deliver(opened)
      expect(used, 'a UID came back').not.toContain(uidsOf(await opened.openMailbox('INBOX'))[0])
      await expectCode(opened.renameMailbox('inbox', 'Archive'), 'MAIL_E_EXISTS')
    },
  },
  {
    name: 'uidValidity: each mailbox has its own, which stands while it is used',
    needs: ['mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await opened.createMailbox('Archive')
      const before = [await opened.status('INBOX'), await opened.status('Archive')].map(
        (status) => status.uidValidity,
      )
      await deliverMany(opened, 2)
      await deliverMany(opened, 2, 'Archive')
      const after = [await opened.status('INBOX'), await opened.status('Archive')].map(
        (status) => status.uidValidity,
      )
      expect(after).toEqual(before)
    },
  },
]
