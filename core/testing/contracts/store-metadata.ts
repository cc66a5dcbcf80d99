import { expect } from 'vitest'
import type { AccountStore } from '../../services/store.ts'
import { expectCode } from './expectations.ts'
import { otherAccount, type StoreCase } from './store-fixture.ts'

const octets = Buffer.from([...Array(256).keys(), 0, 0, 13, 10])

/** RFC 5464 §3.2: all begin with `/private/` or `/shared/`, no level is empty, and none has a wildcard. */
const invalidNames: readonly string[] = [
  '',
  'comment',
  '/comment',
  '/other/comment',
  '/private',
  '/private/',
  '/private//comment',
  '/private/comment/',
  '/private/*',
  '/private/a%b',
  '/private/ä',
  '/private/a\0b',
  '/private/a\r\nb',
]

/** Sets annotations from an object; null removes. */
function set(
  opened: AccountStore,
  mailbox: string | undefined,
  changes: Readonly<Record<string, string | Buffer | null>>,
): Promise<void> {
  const values = Object.entries(changes).map(
    ([name, value]) => [name, typeof value === 'string' ? Buffer.from(value) : value] as const,
  )
  return opened.setMetadata(mailbox, new Map(values))
}

/** All annotations, their values one character an octet. */
async function all(
  opened: AccountStore,
  mailbox: string | undefined,
): Promise<Readonly<Record<string, string>>> {
  const values = [...(await opened.metadata(mailbox))].map(
    ([name, value]) => [name, value.toString('latin1')] as const,
  )
  return Object.fromEntries(values)
}

/** Annotations (RFC 5464). */
export const metadataCases: readonly StoreCase[] = [
  {
    name: 'metadata: set, changed and removed, of a mailbox and of the account',
    needs: ['metadata'],
    async run({ store, account }) {
      const opened = await store.open(account)
      for (const mailbox of ['INBOX', undefined]) {
        expect(await all(opened, mailbox)).toEqual({})
        await set(opened, mailbox, { '/private/comment': 'mine', '/shared/comment': 'for all' })
        const again = await store.open(account)
        expect(await all(again, mailbox)).toEqual({
          '/private/comment': 'mine',
          '/shared/comment': 'for all',
        })
        await set(again, mailbox, {
          '/private/comment': 'changed',
          '/shared/comment': null,
          '/shared/x': null,
        })
        expect(await all(opened, mailbox)).toEqual({ '/private/comment': 'changed' })
      }
      await set(opened, 'inbox', { '/private/comment': null })
      expect(await all(opened, 'INBOX')).toEqual({})
      expect(await all(opened, undefined)).toEqual({ '/private/comment': 'changed' })
    },
    async otherwise({ store, account }) {
      if (store.supports.metadata) return
      const opened = await store.open(account)
      await expectCode(opened.metadata('INBOX'), 'MAIL_E_UNSUPPORTED')
      await expectCode(opened.metadata(undefined), 'MAIL_E_UNSUPPORTED')
      await expectCode(set(opened, 'INBOX', { '/private/comment': 'x' }), 'MAIL_E_UNSUPPORTED')
    },
  },
  {
    name: 'metadata: values are octets, NUL and line ends included; an empty one is a value',
    needs: ['metadata'],
    async run({ store, account }) {
      const opened = await store.open(account)
      const large = Buffer.alloc(20_000, octets)
      await set(opened, 'INBOX', { '/private/a': octets, '/private/b': large, '/private/c': '' })
      expect(await all(opened, 'INBOX')).toEqual({
        '/private/a': octets.toString('latin1'),
        '/private/b': large.toString('latin1'),
        '/private/c': '',
      })
    },
  },
  {
    name: 'metadata: names are compared without regard to case (RFC 5464 §3.2), and answered in lower case',
    needs: ['metadata'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await set(opened, 'INBOX', { '/Private/Vendor/x.y-z': 'one' })
      await set(opened, 'INBOX', { '/private/vendor/X.Y-Z': 'two' })
      expect(await all(opened, 'INBOX')).toEqual({ '/private/vendor/x.y-z': 'two' })
      await set(opened, 'INBOX', { '/PRIVATE/VENDOR/x.y-z': null })
      expect(await all(opened, 'INBOX')).toEqual({})
    },
  },
  {
    name: 'metadata: MAIL_E_INVALID for a name that cannot be, and then nothing is set',
    needs: ['metadata'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await set(opened, 'INBOX', { '/private/kept': 'kept', '/private/old': 'old' })
      for (const name of invalidNames) {
        const changes = { '/private/kept': 'new', '/private/old': null, [name]: 'x', '/private/z': 'x' }
        await expectCode(set(opened, 'INBOX', changes), 'MAIL_E_INVALID')
        await expectCode(set(opened, undefined, changes), 'MAIL_E_INVALID')
      }
      expect(await all(opened, 'INBOX')).toEqual({ '/private/kept': 'kept', '/private/old': 'old' })
      expect(await all(opened, undefined)).toEqual({})
    },
  },
  {
    name: 'metadata: changes at the same time are all kept',
    needs: ['metadata'],
    async run({ store, account }) {
      const names = Array.from({ length: 10 }, (_, index) => `/private/entry-${index}`)
      await Promise.all(names.map(async (name) => set(await store.open(account), 'INBOX', { [name]: name })))
      const found = await all(await store.open(account), 'INBOX')
      expect(found).toEqual(Object.fromEntries(names.map((name) => [name, name])))
    },
  },
  {
    name: 'metadata: each mailbox and each account has its own',
    needs: ['metadata', 'mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      const neighbour = await store.open(otherAccount(account, 'neighbour'))
      await opened.createMailbox('Work/Bills')
      await set(opened, 'Work', { '/private/comment': 'work' })
      await set(opened, 'Work/Bills', { '/private/comment': 'bills' })
      expect(await all(opened, 'Work')).toEqual({ '/private/comment': 'work' })
      for (const mailbox of ['INBOX', undefined]) {
        expect(await all(opened, mailbox)).toEqual({})
        expect(await all(neighbour, mailbox)).toEqual({})
      }
      await expectCode(opened.metadata('Nowhere'), 'MAIL_E_NOT_FOUND')
      await expectCode(set(opened, 'Nowhere', { '/private/comment': 'x' }), 'MAIL_E_NOT_FOUND')
    },
  },
  {
    name: 'metadata: goes along when the mailbox is renamed, and away with it',
    needs: ['metadata', 'mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await opened.createMailbox('Work/Bills')
      await set(opened, 'Work', { '/private/comment': 'work' })
      await set(opened, 'Work/Bills', { '/private/comment': 'bills' })
      await opened.renameMailbox('Work', 'Old')
      expect(await all(opened, 'Old')).toEqual({ '/private/comment': 'work' })
      expect(await all(opened, 'Old/Bills')).toEqual({ '/private/comment': 'bills' })
      await opened.createMailbox('Work')
      expect(await all(opened, 'Work')).toEqual({})
      await opened.deleteMailbox('Old')
      await opened.createMailbox('Old')
      expect(await all(opened, 'Old')).toEqual({})
    },
  },
]
