import { expect } from 'vitest'
import { allRights } from '../../model/rights.ts'
import { expectCode } from './expectations.ts'
import type { StoreCase } from './store-fixture.ts'

/** Who may do what (RFC 4314). */
export const rightsCases: readonly StoreCase[] = [
  {
    name: 'myRights: all for mailboxes of one’s own',
    async run({ store, account }) {
      const opened = await store.open(account)
      const names = ['INBOX', 'inbox']
      if (store.supports.mailboxes) {
        await opened.createMailbox('Work/Bills')
        names.push('Work', 'Work/Bills')
      }
      for (const name of names) expect(await opened.myRights(name), name).toBe(allRights)
      await expectCode(opened.myRights('Nowhere'), 'MAIL_E_NOT_FOUND')
    },
  },
  {
    name: 'setAccess: sets a line of the list, and removes it by giving no rights (RFC 4314 §3.1)',
    needs: ['rights'],
    async run({ store, account }) {
      const opened = await store.open(account)
      const lineOf = async (identifier: string) =>
        (await opened.accessList('INBOX')).find((entry) => entry.identifier === identifier)?.rights
      await opened.setAccess('INBOX', 'anyone', 'rl')
      expect(await lineOf('anyone'), 'in the order of RFC 4314').toBe('lr')
      await opened.setAccess('INBOX', 'anyone', 'lrswi')
      await opened.setAccess('INBOX', '-anyone', 's')
      expect(await lineOf('anyone')).toBe('lrswi')
      expect(await lineOf('-anyone')).toBe('s')
      await opened.setAccess('INBOX', 'anyone', '')
      expect(await lineOf('anyone')).toBeUndefined()
      expect(await lineOf('-anyone')).toBe('s')
      expect(await opened.myRights('INBOX'), 'the owner loses none').toBe(allRights)
      await expectCode(opened.setAccess('INBOX', 'anyone', 'l?'), 'MAIL_E_INVALID')
      await expectCode(opened.setAccess('Nowhere', 'anyone', 'l'), 'MAIL_E_NOT_FOUND')
      await expectCode(opened.accessList('Nowhere'), 'MAIL_E_NOT_FOUND')
    },
    async otherwise({ store, account }) {
      const opened = await store.open(account)
      await expectCode(opened.accessList('INBOX'), 'MAIL_E_UNSUPPORTED')
      await expectCode(opened.setAccess('INBOX', 'anyone', 'lr'), 'MAIL_E_UNSUPPORTED')
    },
  },
]
