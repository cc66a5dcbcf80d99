import { expect } from 'vitest'
import type { SessionRole } from '../../model/session.ts'
import type { Accounts } from '../../services/accounts.ts'
import { addressOf } from '../address-of.ts'
import { loginByScram, provenKeysOf, scramVerifierOf } from '../scram-login.ts'
import {
  type AccountsCase,
  type AccountsFixture,
  accountAt,
  administrationOf,
  seedPassword,
} from './accounts-fixture.ts'
import { hostileLogins } from './accounts-login.ts'
import { present } from './expectations.ts'

const jo = addressOf('jo@example.org')

/** What anybody can see who asks for a login. */
async function shown(accounts: Accounts, login: string): Promise<string> {
  const { salt, iterations } = await scramVerifierOf(accounts, login)
  return `${salt.toString('hex')} ${iterations}`
}

/** Logins by SCRAM. */
export const scramCases: readonly AccountsCase[] = [
  {
    name: 'scramVerifier: the right secret of the right account, and nothing else',
    needs: ['scram'],
    async run({ accounts }) {
      for (const [login, address] of [
        ['jo@example.org', 'jo@example.org'],
        ['JO@Example.ORG', 'jo@example.org'],
        ['jörg@xn--mnchen-3ya.example', 'jörg@münchen.example'],
      ] as const) {
        const account = await accountAt(accounts, address)
        expect(await loginByScram(accounts, login, seedPassword), login).toEqual({ ok: true, account })
      }
      for (const wrong of ['', `${seedPassword} `, seedPassword.toUpperCase()])
        expect(await loginByScram(accounts, 'jo@example.org', wrong)).toEqual({
          ok: false,
          reason: 'wrong-secret',
        })
      expect(await loginByScram(accounts, 'nobody@example.org', 'undefined')).toEqual({
        ok: false,
        reason: 'no-keys',
      })
    },
    async otherwise({ accounts }) {
      expect(accounts.scramVerifier).toBeUndefined()
    },
  },
  {
    name: 'scramVerifier: logins that nobody has look like others, now and later',
    needs: ['scram'],
    async run({ accounts, reopen }) {
      const known = await scramVerifierOf(accounts, 'jo@example.org')
      const again = [accounts, ...(reopen === undefined ? [] : [await reopen()])]
      for (const login of ['nosuch@example.org', 'info@example.org', ...hostileLogins]) {
        const { salt, iterations, keys, verify } = await scramVerifierOf(accounts, login)
        expect([salt.length, iterations, keys], login).toEqual([known.salt.length, known.iterations, []])
        expect(await verify(undefined), login).toEqual({ ok: false, reason: 'unknown' })
      }
      for (const login of ['nosuch@example.org', 'jo@elsewhere.example', 'jo@example.org', 'x']) {
        const first = await shown(accounts, login)
        for (const service of again) expect(await shown(service, login), login).toBe(first)
      }
      expect(await shown(accounts, 'NOSUCH@Example.ORG')).toBe(await shown(accounts, 'nosuch@example.org'))
      const salts = new Set([await shown(accounts, 'a@example.org'), await shown(accounts, 'b@example.org')])
      expect(salts.size).toBe(2)
    },
  },
  {
    name: 'scramVerifier: does not show when an account comes',
    needs: ['scram', 'administration'],
    async run(fixture) {
      const { accounts } = fixture
      const before = await shown(accounts, 'new@example.org')
      await administrationOf(fixture).addAccount({ address: addressOf('new@example.org') })
      expect(await shown(accounts, 'new@example.org')).toBe(before)
      await administrationOf(fixture).setPassword(addressOf('new@example.org'), 'first')
      expect(await shown(accounts, 'new@example.org')).toBe(before)
      expect(await loginByScram(accounts, 'new@example.org', 'first')).toMatchObject({ ok: true })
    },
  },
  {
    name: 'scramVerifier: a new password works, the old one no longer, also where its exchange has begun',
    needs: ['scram', 'administration'],
    async run(fixture) {
      const { accounts } = fixture
      const begun = await scramVerifierOf(accounts, 'jo@example.org')
      const proven = present(provenKeysOf(begun, seedPassword), 'the keys of the seed’s password')
      await administrationOf(fixture).setPassword(jo, 'sécond\u00a0pass')
      expect(await begun.verify(proven)).toMatchObject({ ok: false, reason: 'wrong-secret' })
      expect(await loginByScram(accounts, 'jo@example.org', seedPassword)).toMatchObject({
        reason: 'wrong-secret',
      })
      // RFC 5802 §2.2: clients prepare passwords.
      expect(await loginByScram(accounts, 'jo@example.org', 'sécond pass')).toMatchObject({ ok: true })
      await administrationOf(fixture).removeAccount(jo)
      expect(await loginByScram(accounts, 'jo@example.org', 'sécond pass')).toEqual({
        ok: false,
        reason: 'unknown',
      })
    },
  },
  {
    name: 'scramVerifier: app passwords open what they are for',
    needs: ['scram', 'administration', 'appPasswords'],
    async run(fixture) {
      const { accounts } = fixture
      const administration = administrationOf(fixture)
      const account = await accountAt(accounts, jo)
      const { secret } = await administration.addAppPassword(jo, { name: 'Phone', roles: ['imap'] })
      const verify = (role: SessionRole) => loginByScram(accounts, 'jo@example.org', secret, role)
      expect(await verify('imap')).toEqual({ ok: true, account, appPassword: 'Phone' })
      expect(await verify('pop3')).toEqual({ ok: false, reason: 'protocol' })
      await administration.setPassword(jo, 'second')
      expect(await verify('imap'), 'beside a new password').toMatchObject({ ok: true })
      expect(await loginByScram(accounts, 'jo@example.org', 'second')).toEqual({ ok: true, account })
      await administration.removeAppPassword(jo, 'Phone')
      expect(await verify('imap')).toEqual({ ok: false, reason: 'wrong-secret' })
    },
  },
  {
    name: 'scramVerifier: a protocol that the account may not use',
    needs: ['scram', 'disabled protocols'],
    async run(fixture) {
      await takeAway(fixture, ['imap'])
      const { accounts } = fixture
      expect(await loginByScram(accounts, 'jo@example.org', seedPassword)).toEqual({
        ok: false,
        reason: 'protocol',
      })
      expect(await loginByScram(accounts, 'jo@example.org', 'wrong')).toEqual({
        ok: false,
        reason: 'wrong-secret',
      })
      expect(await loginByScram(accounts, 'jo@example.org', seedPassword, 'pop3')).toMatchObject({ ok: true })
    },
  },
  {
    name: 'scramVerifier: a disabled account',
    needs: ['scram', 'administration', 'accountSettings'],
    async run(fixture) {
      await administrationOf(fixture).setDisabled(jo, true)
      const { accounts } = fixture
      expect(await loginByScram(accounts, 'jo@example.org', seedPassword)).toEqual({
        ok: false,
        reason: 'disabled',
      })
      expect(await loginByScram(accounts, 'jo@example.org', 'wrong')).toEqual({
        ok: false,
        reason: 'wrong-secret',
      })
    },
  },
]

/** Logins that somebody else vouches for. */
export const identifyCases: readonly AccountsCase[] = [
  {
    name: 'identify: the account of a login in any spelling; nobody for anything else',
    needs: ['identify'],
    async run({ accounts }) {
      for (const login of ['jo@example.org', 'JO@Example.ORG']) {
        const account = await accountAt(accounts, 'jo@example.org')
        expect(await accounts.identify?.(login, 'imap'), login).toEqual({ ok: true, account })
      }
      for (const login of ['nosuch@example.org', 'jo+x@example.org', 'info@example.org', ...hostileLogins]) {
        expect(await accounts.identify?.(login, 'imap'), login).toEqual({ ok: false, reason: 'unknown' })
      }
      expect(await accounts.identify?.('nobody@example.org', 'imap'), 'without a password').toMatchObject({
        ok: true,
      })
    },
    async otherwise({ accounts }) {
      expect(accounts.identify).toBeUndefined()
    },
  },
  {
    name: 'identify: a protocol that the account may not use',
    needs: ['identify', 'disabled protocols'],
    async run(fixture) {
      await takeAway(fixture, ['pop3'])
      const { accounts } = fixture
      expect(await accounts.identify?.('jo@example.org', 'pop3')).toEqual({ ok: false, reason: 'protocol' })
      expect(await accounts.identify?.('jo@example.org', 'imap')).toMatchObject({ ok: true })
    },
  },
  {
    name: 'identify: a disabled account',
    needs: ['identify', 'administration', 'accountSettings'],
    async run(fixture) {
      await administrationOf(fixture).setDisabled(jo, true)
      expect(await fixture.accounts.identify?.('jo@example.org', 'imap')).toEqual({
        ok: false,
        reason: 'disabled',
      })
    },
  },
]

async function takeAway(fixture: AccountsFixture, protocols: readonly string[]): Promise<void> {
  if (fixture.disableProtocols !== undefined) await fixture.disableProtocols(jo, protocols)
  else await administrationOf(fixture).setProtocols(jo, protocols)
}
