import { expect } from 'vitest'
import type { SessionRole } from '../../model/session.ts'
import { addressOf } from '../address-of.ts'
import { loginByCramMd5 } from '../cram-md5-login.ts'
import {
  type AccountsCase,
  accountAt,
  administrationOf,
  longPassword,
  seedPassword,
} from './accounts-fixture.ts'
import { hostileLogins } from './accounts-login.ts'

const jo = addressOf('jo@example.org')
const wrongSecret = { ok: false, reason: 'wrong-secret' }

/** Logins by CRAM-MD5. */
export const cramMd5Cases: readonly AccountsCase[] = [
  {
    name: 'verifyCramMd5: the right secret of the right account, and nothing else',
    needs: ['cramMd5'],
    async run({ accounts }) {
      for (const [login, address, secret = seedPassword] of [
        ['jo@example.org', 'jo@example.org'],
        ['JO@Example.ORG', 'jo@example.org'],
        ['jörg@xn--mnchen-3ya.example', 'jörg@münchen.example'],
        ['long@example.org', 'long@example.org', longPassword],
      ] as const) {
        const account = await accountAt(accounts, address)
        expect(await loginByCramMd5(accounts, login, secret), login).toEqual({ ok: true, account })
      }
      for (const wrong of ['', `${seedPassword} `, seedPassword.toUpperCase()])
        expect(await loginByCramMd5(accounts, 'jo@example.org', wrong)).toEqual(wrongSecret)
      expect(await loginByCramMd5(accounts, 'nobody@example.org', 'undefined')).toEqual({
        ok: false,
        reason: 'no-keys',
      })
      for (const login of ['nosuch@example.org', 'info@example.org', ...hostileLogins])
        expect(await loginByCramMd5(accounts, login, seedPassword), login).toEqual({
          ok: false,
          reason: 'unknown',
        })
    },
    async otherwise({ accounts }) {
      expect(accounts.verifyCramMd5).toBeUndefined()
    },
  },
  {
    name: 'verifyCramMd5: a new password works, the old one no longer; both ways in are of one password',
    needs: ['cramMd5', 'administration'],
    async run(fixture) {
      const { accounts } = fixture
      await administrationOf(fixture).setPassword(jo, 'sécond pass')
      expect(await loginByCramMd5(accounts, 'jo@example.org', seedPassword)).toEqual(wrongSecret)
      expect(await loginByCramMd5(accounts, 'jo@example.org', 'sécond pass')).toMatchObject({ ok: true })
      expect(await accounts.verify('jo@example.org', seedPassword, 'imap')).toEqual(wrongSecret)
      expect(await accounts.verify('jo@example.org', 'sécond pass', 'imap')).toMatchObject({ ok: true })
      expect(await loginByCramMd5(accounts, 'jo@example.org', 'sécond pass'), 'again').toMatchObject({
        ok: true,
      })
    },
  },
  {
    name: 'verifyCramMd5: app passwords open what they are for',
    needs: ['cramMd5', 'administration', 'appPasswords'],
    async run(fixture) {
      const { accounts } = fixture
      const administration = administrationOf(fixture)
      const account = await accountAt(accounts, jo)
      const { secret } = await administration.addAppPassword(jo, { name: 'Scanner', roles: ['imap'] })
      const verify = (role: SessionRole) => loginByCramMd5(accounts, 'jo@example.org', secret, role)
      expect(await verify('imap')).toEqual({ ok: true, account, appPassword: 'Scanner' })
      expect(await verify('pop3')).toEqual({ ok: false, reason: 'protocol' })
      expect(await accounts.verify('jo@example.org', secret, 'imap')).toMatchObject({
        appPassword: 'Scanner',
      })
      await administration.removeAppPassword(jo, 'Scanner')
      expect(await verify('imap')).toEqual(wrongSecret)
    },
  },
  {
    name: 'verifyCramMd5: a disabled account',
    needs: ['cramMd5', 'administration', 'accountSettings'],
    async run(fixture) {
      await administrationOf(fixture).setDisabled(jo, true)
      const verify = (secret: string) => loginByCramMd5(fixture.accounts, 'jo@example.org', secret)
      expect(await verify(seedPassword)).toEqual({ ok: false, reason: 'disabled' })
      expect(await verify('wrong')).toEqual(wrongSecret)
    },
  },
]
