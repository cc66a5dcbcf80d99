import { expect } from 'vitest'
import type { Accounts } from '../../services/accounts.ts'
import { addressOf } from '../address-of.ts'
import { type AccountsCase, accountAt, longPassword, seedPassword } from './accounts-fixture.ts'
import { present } from './expectations.ts'

/** Demands that a login fails for a reason. */
async function expectFailure(
  accounts: Accounts,
  login: string,
  secret: string,
  reason: string,
): Promise<void> {
  expect(await accounts.verify(login, secret, 'pop3'), JSON.stringify(login.slice(0, 60))).toEqual({
    ok: false,
    reason,
  })
}

/** Logins that nobody has. */
export const hostileLogins: readonly string[] = [
  '',
  ' ',
  '@',
  'jo@',
  '@example.org',
  'jo@example.org ',
  ' jo@example.org',
  'jo@example.org\0',
  'jo@example.org\0.evil.example',
  'jo@example.org\r\n',
  "jo@example.org' OR '1'='1",
  "' OR 1=1 --",
  'jo@example.org,nobody@example.org',
  '<jo@example.org>',
  '%@example.org',
  '_o@example.org',
  '*',
  'jо@example.org', // The о is Cyrillic.
  'ｊｏ@example.org',
  '__proto__',
  'constructor@example.org',
  '\ud800@example.org',
  `${'x'.repeat(10_000)}@example.org`,
]

/** Logins. */
export const loginCases: readonly AccountsCase[] = [
  {
    name: 'verify: the right secret of the right account',
    async run({ accounts }) {
      for (const [login, address] of [
        ['jo@example.org', 'jo@example.org'],
        ['JO@Example.ORG', 'jo@example.org'],
        ['anna.lee@example.org', 'anna.lee@example.org'],
        ['jörg@münchen.example', 'jörg@münchen.example'],
        ['jörg@xn--mnchen-3ya.example', 'jörg@münchen.example'],
      ] as const) {
        const account = await accountAt(accounts, address)
        expect(await accounts.verify(login, seedPassword, 'imap'), login).toEqual({ ok: true, account })
      }
    },
  },
  {
    name: 'verify: nothing but exactly the secret',
    async run({ accounts }) {
      const wrong = [
        '',
        ' ',
        `${seedPassword} `,
        ` ${seedPassword}`,
        seedPassword.toUpperCase(),
        seedPassword.slice(0, -1),
        `${seedPassword}\0`,
        `${seedPassword}\0x`,
        `\0${seedPassword}`,
        'x'.repeat(10_000),
        '\ud800',
      ]
      for (const secret of wrong) await expectFailure(accounts, 'jo@example.org', secret, 'wrong-secret')
    },
  },
  {
    name: 'verify: every octet of a long secret counts',
    async run({ accounts }) {
      expect(await accounts.verify('long@example.org', longPassword, 'pop3')).toMatchObject({ ok: true })
      for (const octets of [8, 56, 64, 72, 128, longPassword.length - 1]) {
        const start = longPassword.slice(0, octets)
        for (const secret of [start, `${start}X${longPassword.slice(octets + 1)}`])
          await expectFailure(accounts, 'long@example.org', secret, 'wrong-secret')
      }
      await expectFailure(accounts, 'long@example.org', `${longPassword}x`, 'wrong-secret')
    },
  },
  {
    name: 'verify: a disabled account is called so where the secret is right',
    needs: ['disabled accounts'],
    async run({ accounts }) {
      await expectFailure(accounts, 'off@example.org', seedPassword, 'disabled')
      expect(await accounts.verify('off@example.org', 'wrong', 'pop3')).toMatchObject({ ok: false })
    },
    async otherwise({ accounts }) {
      await expectFailure(accounts, 'off@example.org', seedPassword, 'unknown')
    },
  },
  {
    name: 'verify: unknown logins, hostile ones included, fail as such and never reject',
    async run({ accounts }) {
      await expectFailure(accounts, 'nosuch@example.org', seedPassword, 'unknown')
      await expectFailure(accounts, 'jo@elsewhere.example', seedPassword, 'unknown')
      for (const login of hostileLogins) await expectFailure(accounts, login, seedPassword, 'unknown')
    },
  },
  {
    name: 'verify: an alias or a catch-all is nobody who logs in',
    needs: ['aliases'],
    async run({ accounts }) {
      for (const login of [
        'info@example.org',
        'chain@example.org',
        'loop@example.org',
        'anyone@münchen.example',
      ]) {
        await expectFailure(accounts, login, seedPassword, 'unknown')
      }
    },
  },
  {
    name: 'verify: nobody gets into an account without a secret',
    async run({ accounts }) {
      for (const secret of ['', 'undefined', 'null', seedPassword]) {
        const verification = await accounts.verify('nobody@example.org', secret, 'submission')
        expect(verification.ok).toBe(false)
      }
    },
  },
  {
    name: 'verify: a protocol that the account may not use',
    needs: ['disabled protocols'],
    async run({ accounts, disableProtocols }) {
      const [jo, protocols] = [addressOf('jo@example.org'), ['pop3', 'imap']]
      if (disableProtocols !== undefined) await disableProtocols(jo, protocols)
      else await present(accounts.administration, 'administration').setProtocols(jo, protocols)
      await expectFailure(accounts, 'jo@example.org', seedPassword, 'protocol')
      expect(await accounts.verify('jo@example.org', seedPassword, 'submission')).toMatchObject({ ok: true })
      expect(await accounts.verify('jo@example.org', 'wrong', 'pop3')).toMatchObject({ ok: false })
      expect((await accountAt(accounts, 'jo@example.org')).disabledProtocols).toEqual(['pop3', 'imap'])
    },
  },
  {
    name: 'verify: many at the same time get each their own answer',
    async run({ accounts }) {
      const logins = ['jo@example.org', 'anna.lee@example.org', 'nosuch@example.org', 'jörg@münchen.example']
      const asked = Array.from({ length: 12 }, (_, index) => ({
        login: logins[index % 4] ?? '',
        secret: index < 8 ? seedPassword : 'wrong',
      }))
      const answers = await Promise.all(
        asked.map(({ login, secret }) => accounts.verify(login, secret, 'imap')),
      )
      for (const [index, { login, secret }] of asked.entries()) {
        const known = login !== 'nosuch@example.org'
        expect(answers[index]?.ok, `${login} with ${secret}`).toBe(known && secret === seedPassword)
      }
    },
  },
]
