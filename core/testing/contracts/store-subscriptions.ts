import { expect } from 'vitest'
import type { SpecialUse } from '../../model/special-use.ts'
import type { AccountStore } from '../../services/store.ts'
import { expectCode } from './expectations.ts'
import { deliver, namesOf, otherAccount, type StoreCase, sampleMessage } from './store-fixture.ts'

/** What each mailbox is for, as the list says; mailboxes without a use are left out. */
async function usesOf(opened: AccountStore): Promise<Readonly<Record<string, SpecialUse>>> {
  const uses: Record<string, SpecialUse> = {}
  for (const { name, specialUse } of await opened.mailboxes())
    if (specialUse !== undefined) uses[name] = specialUse
  return uses
}

/** The names of mailboxes that are listed as subscribed to. */
async function listedAsSubscribed(opened: AccountStore): Promise<readonly string[]> {
  return (await opened.mailboxes()).filter((mailbox) => mailbox.subscribed).map((mailbox) => mailbox.name)
}

/** Subscriptions (RFC 9051 §6.3.7) and special uses (RFC 6154). */
export const subscriptionCases: readonly StoreCase[] = [
  {
    name: 'subscribe: is remembered, whether or not there is such a mailbox, sorted',
    needs: ['subscriptions', 'mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await opened.createMailbox('Work')
      for (const name of ['Work', 'Wished/For', 'Nowhere', 'Work']) await opened.subscribe(name, true)
      const names = ['Nowhere', 'Wished/For', 'Work']
      const again = await store.open(account)
      expect((await again.subscriptions()).filter((name) => name !== 'INBOX')).toEqual(names)
      expect(await listedAsSubscribed(again)).toContain('Work')
      expect(await namesOf(again), 'no mailbox is made').toEqual(['INBOX', 'Work'])
    },
    async otherwise({ store, account }) {
      if (store.supports.subscriptions) return
      const opened = await store.open(account)
      await expectCode(opened.subscribe('INBOX', true), 'MAIL_E_UNSUPPORTED')
      await expectCode(opened.subscriptions(), 'MAIL_E_UNSUPPORTED')
      await expectCode(opened.setSpecialUse('INBOX', '\\Archive'), 'MAIL_E_UNSUPPORTED')
      await expectCode(opened.createMailbox('Sent', { specialUse: '\\Sent' }), 'MAIL_E_UNSUPPORTED')
      expect(await namesOf(opened)).toEqual(['INBOX'])
    },
  },
  {
    name: 'subscribe: false takes it back, also where there was none',
    needs: ['subscriptions'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await opened.subscribe('inbox', true)
      expect(await opened.subscriptions()).toContain('INBOX')
      expect(await listedAsSubscribed(opened)).toEqual(['INBOX'])
      await opened.subscribe('INBOX', false)
      await opened.subscribe('Nowhere', false)
      expect(await opened.subscriptions()).toEqual([])
      expect(await listedAsSubscribed(opened)).toEqual([])
    },
  },
  {
    name: 'subscribe: stays when the mailbox is deleted or renamed (RFC 9051 §6.3.7)',
    needs: ['subscriptions', 'mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      for (const name of ['Lists', 'Work', 'Work/Bills']) {
        await opened.createMailbox(name)
        await opened.subscribe(name, true)
      }
      const before = await opened.subscriptions()
      await opened.deleteMailbox('Lists')
      await opened.renameMailbox('Work', 'Old')
      expect(await opened.subscriptions()).toEqual(before)
      expect(await listedAsSubscribed(opened)).not.toContain('Old')
      await opened.createMailbox('Lists')
      expect(await listedAsSubscribed(opened)).toContain('Lists')
    },
  },
  {
    name: 'subscribe: MAIL_E_INVALID for what can be no mailbox’s name; any other is kept exactly',
    needs: ['subscriptions', 'mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      for (const name of ['', 'a//b', 'a\r\nb', 'a\0b', 'x\ud800y'])
        await expectCode(opened.subscribe(name, true), 'MAIL_E_INVALID')
      const names = [
        'Entwürfe',
        'Tom & Jerry',
        '__proto__',
        'a b',
        'constructor',
        '日本語',
        '&-',
        '#x',
      ].sort()
      for (const name of names) await opened.subscribe(name, true)
      expect((await opened.subscriptions()).filter((name) => name !== 'INBOX')).toEqual(names)
    },
  },
  {
    name: 'subscribe: several at the same time are all kept',
    needs: ['subscriptions'],
    async run({ store, account }) {
      const names = Array.from({ length: 12 }, (_, index) => `List-${String(index).padStart(2, '0')}`)
      await Promise.all(names.map(async (name) => (await store.open(account)).subscribe(name, true)))
      const found = await (await store.open(account)).subscriptions()
      expect(found).toEqual(expect.arrayContaining(names))
    },
  },
  {
    name: 'special use: given, changed and taken away; one mailbox has it at a time (RFC 6154 §2)',
    needs: ['subscriptions', 'mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      for (const name of ['Sent', 'Sent Items', 'Trash']) await opened.createMailbox(name)
      expect(await usesOf(opened)).toEqual({})
      await opened.setSpecialUse('Sent', '\\Sent')
      await opened.setSpecialUse('Trash', '\\Trash')
      expect(await usesOf(await store.open(account))).toEqual({ Sent: '\\Sent', Trash: '\\Trash' })
      await opened.setSpecialUse('Sent Items', '\\Sent')
      expect(await usesOf(opened)).toEqual({ 'Sent Items': '\\Sent', Trash: '\\Trash' })
      await opened.setSpecialUse('Trash', '\\Archive')
      expect(await usesOf(opened), 'a mailbox has one use').toEqual({
        'Sent Items': '\\Sent',
        Trash: '\\Archive',
      })
      await opened.setSpecialUse('Trash', undefined)
      await opened.setSpecialUse('Sent', undefined)
      expect(await usesOf(opened)).toEqual({ 'Sent Items': '\\Sent' })
      await expectCode(opened.setSpecialUse('Nowhere', '\\Junk'), 'MAIL_E_NOT_FOUND')
    },
  },
  {
    name: 'special use: a mailbox is made with it, and takes it from the one that has it',
    needs: ['subscriptions', 'mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await opened.createMailbox('Drafts', { specialUse: '\\Drafts' })
      await opened.createMailbox('Mail/Drafts', { specialUse: '\\Drafts' })
      expect(await usesOf(opened)).toEqual({ 'Mail/Drafts': '\\Drafts' })
      await expectCode(opened.createMailbox('Drafts', { specialUse: '\\Drafts' }), 'MAIL_E_EXISTS')
      expect(await usesOf(opened), 'a failure takes nothing').toEqual({ 'Mail/Drafts': '\\Drafts' })
    },
  },
  {
    name: 'special use: each account has its own, and so have subscriptions',
    needs: ['subscriptions', 'mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      const neighbour = await store.open(otherAccount(account, 'neighbour'))
      await opened.createMailbox('Sent', { specialUse: '\\Sent' })
      await opened.subscribe('Sent', true)
      await neighbour.createMailbox('Sent Items', { specialUse: '\\Sent' })
      await neighbour.createMailbox('Sent')
      await neighbour.subscribe('Sent Items', true)
      expect(await usesOf(opened)).toEqual({ Sent: '\\Sent' })
      expect(await usesOf(neighbour)).toEqual({ 'Sent Items': '\\Sent' })
      expect(await listedAsSubscribed(opened)).toContain('Sent')
      expect(await listedAsSubscribed(neighbour)).not.toContain('Sent')
      await neighbour.setSpecialUse('Sent Items', undefined)
      expect(await usesOf(opened)).toEqual({ Sent: '\\Sent' })
    },
  },
  {
    name: 'special use: goes along when the mailbox is renamed, and away with it',
    needs: ['subscriptions', 'mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await opened.createMailbox('Junk', { specialUse: '\\Junk' })
      await opened.createMailbox('Mail/Archive', { specialUse: '\\Archive' })
      await deliver(opened, sampleMessage(), 'Junk')
      await opened.renameMailbox('Junk', 'Spam')
      await opened.renameMailbox('Mail', 'Post')
      expect(await usesOf(opened)).toEqual({ Spam: '\\Junk', 'Post/Archive': '\\Archive' })
      await opened.deleteMailbox('Spam')
      await opened.createMailbox('Spam')
      await opened.createMailbox('Junk')
      expect(await usesOf(opened)).toEqual({ 'Post/Archive': '\\Archive' })
    },
  },
  {
    name: 'mailboxes: an account’s own are personal (RFC 2342)',
    needs: ['mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await opened.createMailbox('Work/Bills')
      const listed = await opened.mailboxes()
      expect(listed.map(({ name, namespace }) => [name, namespace])).toEqual([
        ['INBOX', 'personal'],
        ['Work', 'personal'],
        ['Work/Bills', 'personal'],
      ])
    },
  },
]
