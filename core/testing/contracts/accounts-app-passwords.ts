import { expect } from 'vitest'
import { addressOf } from '../address-of.ts'
import {
  type AccountsCase,
  accountAt,
  administrationOf,
  expectUnsupported,
  seedPassword,
} from './accounts-fixture.ts'
import { expectCode, present } from './expectations.ts'

const jo = addressOf('jo@example.org')

/** Passwords for single programs and devices. */
export const appPasswordCases: readonly AccountsCase[] = [
  {
    name: 'app passwords: open what they are for, beside the account’s own, and say which it was',
    needs: ['administration', 'appPasswords'],
    async run(fixture) {
      const { accounts } = fixture
      const administration = administrationOf(fixture)
      const account = await accountAt(accounts, jo)
      const phone = await administration.addAppPassword(jo, { name: 'Phone', roles: ['imap', 'submission'] })
      const all = await administration.addAppPassword(addressOf('JO@example.org'), { name: 'all' })
      expect(phone.appPassword).toMatchObject({ name: 'Phone', roles: ['imap', 'submission'] })
      expect(phone.secret.length).toBeGreaterThanOrEqual(20)
      expect(phone.secret).not.toBe(all.secret)
      const verify = (secret: string, role: 'imap' | 'pop3') =>
        accounts.verify('jo@example.org', secret, role)
      expect(await verify(phone.secret, 'imap')).toEqual({ ok: true, account, appPassword: 'Phone' })
      expect(await verify(phone.secret, 'pop3')).toMatchObject({ ok: false })
      expect(await verify(all.secret, 'pop3')).toEqual({ ok: true, account, appPassword: 'all' })
      expect(await verify(seedPassword, 'pop3')).toEqual({ ok: true, account })
      for (const wrong of ['', phone.secret.slice(1), `${phone.secret} `, phone.secret.toUpperCase()])
        expect(await verify(wrong, 'imap')).toEqual({ ok: false, reason: 'wrong-secret' })
      const other = await accounts.verify('anna.lee@example.org', phone.secret, 'imap')
      expect(other, 'of another account').toEqual({ ok: false, reason: 'wrong-secret' })
    },
    otherwise: (fixture) =>
      expectUnsupported(fixture, (administration) => administration.addAppPassword(jo, { name: 'x' })),
  },
  {
    name: 'app passwords: a given secret, the list, and removal',
    needs: ['administration', 'appPasswords'],
    async run(fixture) {
      const { accounts } = fixture
      const administration = administrationOf(fixture)
      const nobody = addressOf('nobody@example.org')
      const secret = '0123456789abcdefghij'
      await administration.addAppPassword(nobody, { name: 'one', secret })
      await administration.addAppPassword(nobody, { name: 'two', roles: ['pop3'] })
      const listed = await administration.appPasswords(nobody)
      expect(listed.map(({ name, roles }) => ({ name, roles }))).toEqual([
        { name: 'one', roles: [] },
        { name: 'two', roles: ['pop3'] },
      ])
      for (const each of listed) {
        expect(each.createdAt).toBeInstanceOf(Date)
        expect(Object.keys(each), 'nothing of the secret').not.toContain('hash')
      }
      expect(await accounts.verify('nobody@example.org', secret, 'imap')).toMatchObject({
        appPassword: 'one',
      })
      await administration.removeAppPassword(nobody, 'ONE')
      expect(await accounts.verify('nobody@example.org', secret, 'imap')).toMatchObject({ ok: false })
      expect(await administration.appPasswords(nobody)).toHaveLength(1)
      await expectCode(administration.removeAppPassword(nobody, 'one'), 'MAIL_E_NOT_FOUND')
    },
  },
  {
    name: 'app passwords: MAIL_E_EXISTS, MAIL_E_NOT_FOUND, MAIL_E_INVALID, MAIL_E_OVER_QUOTA',
    needs: ['administration', 'appPasswords'],
    async run(fixture) {
      const administration = administrationOf(fixture)
      await administration.addAppPassword(jo, { name: 'Phone' })
      await expectCode(administration.addAppPassword(jo, { name: 'PHONE' }), 'MAIL_E_EXISTS')
      for (const name of ['', 'a\nb', 'x'.repeat(65)])
        await expectCode(administration.addAppPassword(jo, { name }), 'MAIL_E_INVALID')
      for (const secret of ['', 'short', 'x'.repeat(1025), `${'x'.repeat(20)}\n`])
        await expectCode(administration.addAppPassword(jo, { name: 'x', secret }), 'MAIL_E_INVALID')
      const strange = { name: 'x', roles: ['telnet' as 'imap'] }
      await expectCode(administration.addAppPassword(jo, strange), 'MAIL_E_INVALID')
      const missing = addressOf('nosuch@example.org')
      await expectCode(administration.addAppPassword(missing, { name: 'x' }), 'MAIL_E_NOT_FOUND')
      await expectCode(administration.appPasswords(missing), 'MAIL_E_NOT_FOUND')
      for (let count = 1; count < 64; count++) await administration.addAppPassword(jo, { name: `n${count}` })
      await expectCode(administration.addAppPassword(jo, { name: 'one more' }), 'MAIL_E_OVER_QUOTA')
      expect(await administration.appPasswords(jo)).toHaveLength(64)
    },
  },
  {
    name: 'app passwords: go the way of their account',
    needs: ['administration', 'appPasswords', 'accountSettings'],
    async run(fixture) {
      const { accounts } = fixture
      const administration = administrationOf(fixture)
      const { secret } = await administration.addAppPassword(jo, { name: 'Phone' })
      await administration.rename(jo, addressOf('new@example.org'))
      const verify = () => accounts.verify('new@example.org', secret, 'imap')
      expect(await verify()).toMatchObject({ ok: true, appPassword: 'Phone' })
      await administration.setProtocols(addressOf('new@example.org'), ['imap'])
      expect(await verify()).toEqual({ ok: false, reason: 'protocol' })
      await administration.setDisabled(addressOf('new@example.org'), true)
      expect(await verify()).toEqual({ ok: false, reason: 'disabled' })
      await administration.removeAccount(addressOf('new@example.org'))
      expect(await verify()).toEqual({ ok: false, reason: 'unknown' })
      await administration.addAccount({ address: addressOf('new@example.org') })
      expect(await verify(), 'a new account of that address').toMatchObject({ ok: false })
    },
  },
  {
    name: 'app passwords: another process knows them',
    needs: ['administration', 'appPasswords', 'persistent'],
    async run(fixture) {
      const { secret } = await administrationOf(fixture).addAppPassword(jo, { name: 'Phone' })
      const again = await present(fixture.reopen, 'reopen() of the fixture of a persistent service')()
      expect(await again.verify('jo@example.org', secret, 'imap')).toMatchObject({ appPassword: 'Phone' })
    },
  },
]
