import { expect } from 'vitest'
import { addressKey, formatAddress } from '../../model/address/address.ts'
import { addressOf } from '../address-of.ts'
import {
  type AccountsCase,
  accountAt,
  accountsSeed,
  hostileAddresses,
  seededAccounts,
} from './accounts-fixture.ts'
import { expectCode, present } from './expectations.ts'

/** Domains and addresses. */
export const lookupCases: readonly AccountsCase[] = [
  {
    name: 'domain: finds ours in any spelling, and no other',
    async run({ accounts }) {
      for (const name of ['example.org', 'EXAMPLE.org'])
        expect(await accounts.domain(name)).toMatchObject({ name: 'example.org' })
      for (const name of [
        'münchen.example',
        'MÜNCHEN.example',
        'xn--mnchen-3ya.example',
        'XN--MNCHEN-3YA.EXAMPLE',
      ]) {
        expect(await accounts.domain(name), name).toMatchObject({ name: 'xn--mnchen-3ya.example' })
      }
      expect(await accounts.domain('empty.example')).toBeDefined()
      for (const name of ['elsewhere.example', 'sub.example.org', 'org', 'ample.org']) {
        expect(await accounts.domain(name), name).toBeUndefined()
      }
    },
  },
  {
    name: 'domain: hostile names are not ours',
    async run({ accounts }) {
      const names = [
        '',
        '.',
        '@',
        '%',
        '*',
        '__proto__',
        'constructor',
        'example.org\0',
        'example.org\n',
        "' OR '1'='1",
        'x'.repeat(100_000),
        '\ud800',
        '[127.0.0.1]',
      ]
      for (const name of names) expect(await accounts.domain(name), name.slice(0, 40)).toBeUndefined()
    },
  },
  {
    name: 'resolve: an account, with all that is known of it',
    async run({ accounts }) {
      const account = await accountAt(accounts, 'jo@example.org')
      expect(account).toMatchObject({
        address: addressOf('jo@example.org'),
        name: 'Jo Doe',
        quotaBytes: 1_000_000,
      })
      expect(account.id).not.toBe('')
      const plain = await accountAt(accounts, 'nobody@example.org')
      expect(plain.quotaBytes).toBeUndefined()
      expect(plain.name).toBeUndefined()
    },
  },
  {
    name: 'resolve, byId: a disabled account is found and said to be disabled',
    needs: ['disabled accounts'],
    async run({ accounts }) {
      const account = await accountAt(accounts, 'Off@example.org')
      expect(account).toMatchObject({ address: addressOf('off@example.org'), disabled: true })
      expect(await accounts.byId(account.id)).toEqual(account)
      expect((await accountAt(accounts, 'jo@example.org')).disabled).toBeUndefined()
    },
    async otherwise({ accounts }) {
      expect((await accounts.resolve(addressOf('off@example.org'))).kind).toBe('unknown')
    },
  },
  {
    name: 'resolve: case, quoting, normal form and kind of label make no difference',
    async run({ accounts }) {
      const jo = await accountAt(accounts, 'jo@example.org')
      for (const text of ['JO@example.org', '"jo"@EXAMPLE.ORG'])
        expect(await accountAt(accounts, text)).toEqual(jo)
      const anna = await accountAt(accounts, 'anna.lee@example.org')
      expect(anna.id).toBe((await accountAt(accounts, 'ANNA.LEE@example.org')).id)
      const joerg = await accountAt(accounts, 'jörg@münchen.example')
      for (const text of ['JÖRG@xn--mnchen-3ya.example', 'jo\u0308rg@MÜNCHEN.example']) {
        expect((await accountAt(accounts, text)).id, text).toBe(joerg.id)
      }
      await accountAt(accounts, '"Two Words"@example.org')
    },
  },
  {
    name: 'resolve: unknown in our domains, foreign in others',
    async run({ accounts }) {
      for (const text of [
        'nosuch@example.org',
        'jo@empty.example',
        'annalee@example.org',
        'jó@example.org',
      ]) {
        expect((await accounts.resolve(addressOf(text))).kind, text).toBe('unknown')
      }
      for (const text of ['jo@elsewhere.example', 'jo@sub.example.org', 'jo@[127.0.0.1]']) {
        expect((await accounts.resolve(addressOf(text))).kind, text).toBe('foreign')
      }
    },
  },
  {
    name: 'resolve: hostile addresses are unknown, whatever characters they hold',
    async run({ accounts }) {
      for (const address of [
        ...hostileAddresses,
        { localPart: 'x'.repeat(100_000), domain: 'example.org' },
      ]) {
        expect((await accounts.resolve(address)).kind, formatAddress(address).slice(0, 60)).toBe('unknown')
      }
      expect((await accounts.resolve({ localPart: 'jo\0', domain: 'example.org' })).kind).toBe('unknown')
      expect((await accounts.resolve({ localPart: '', domain: 'example.org' })).kind).toBe('unknown')
      expect((await accounts.resolve({ localPart: 'jo', domain: '__proto__' })).kind).toBe('foreign')
      expect((await accounts.resolve({ localPart: 'postmaster', domain: '' })).kind).toBe('foreign')
    },
  },
  {
    name: 'resolve: splits off a detail, but an account of the whole name comes first (RFC 5233)',
    needs: ['details'],
    async run({ accounts, detailSeparator }) {
      const separator = detailSeparator ?? '+'
      const jo = await accountAt(accounts, 'jo@example.org')
      const resolution = await accounts.resolve(addressOf(`Jo${separator}lists.a${separator}b@example.org`))
      expect(resolution).toEqual({ kind: 'account', account: jo, detail: `lists.a${separator}b` })
      if (separator === '+') expect((await accountAt(accounts, 'jo+exact@example.org')).id).not.toBe(jo.id)
      expect((await accounts.resolve(addressOf(`nosuch${separator}x@example.org`))).kind).toBe('unknown')
      expect(await accounts.resolve(addressOf('jo@example.org'))).not.toHaveProperty('detail')
    },
    async otherwise({ accounts }) {
      expect((await accounts.resolve(addressOf('jo+lists@example.org'))).kind).toBe('unknown')
    },
  },
  {
    name: 'resolve: an alias, one step at a time, loops included',
    needs: ['aliases'],
    async run({ accounts }) {
      for (const alias of accountsSeed.aliases.filter((each) => each.address.localPart !== '')) {
        const resolution = await accounts.resolve(alias.address)
        if (resolution.kind !== 'alias') expect.fail(`${formatAddress(alias.address)} is ${resolution.kind}`)
        expect(resolution.via).toBe('alias')
        expect(resolution.addresses.map(addressKey).sort()).toEqual(alias.targets.map(addressKey).sort())
      }
      expect((await accounts.resolve(addressOf('INFO@example.org'))).kind).toBe('alias')
    },
    async otherwise({ accounts }) {
      expect((await accounts.resolve(addressOf('info@example.org'))).kind).toBe('unknown')
    },
  },
  {
    name: 'resolve: a catch-all takes what nobody else takes, and nothing more',
    needs: ['catchAll'],
    async run({ accounts, detailSeparator }) {
      const caught = await accounts.resolve(addressOf('anyone@münchen.example'))
      expect(caught).toEqual({ kind: 'alias', via: 'catch-all', addresses: [addressOf('jo@example.org')] })
      expect((await accounts.resolve(addressOf('jörg@münchen.example'))).kind).toBe('account')
      if (detailSeparator === null) return
      const detailed = `jörg${detailSeparator ?? '+'}lists@münchen.example`
      expect((await accounts.resolve(addressOf(detailed))).kind, 'an account with detail comes first').toBe(
        'account',
      )
    },
    async otherwise({ accounts }) {
      expect((await accounts.resolve(addressOf('anyone@münchen.example'))).kind).toBe('unknown')
    },
  },
  {
    name: 'byId: finds every account by its id, and nothing by anything else',
    async run(fixture) {
      const { accounts } = fixture
      const ids = new Set<string>()
      for (const { address } of seededAccounts(fixture)) {
        const account = await accountAt(accounts, address)
        expect(await accounts.byId(account.id)).toEqual(account)
        ids.add(account.id)
      }
      expect(ids.size, 'ids are unique').toBe(seededAccounts(fixture).length)
      for (const id of [
        '',
        '0',
        '-1',
        'no such id',
        '__proto__',
        "' OR '1'='1",
        '\0',
        'x'.repeat(100_000),
        '\ud800',
      ]) {
        expect(await accounts.byId(id), id.slice(0, 40)).toBeUndefined()
      }
    },
  },
  {
    name: 'reopen: everything is there, under the same ids',
    needs: ['persistent'],
    async run({ accounts, reopen }) {
      const again = await present(reopen, 'reopen() of the fixture of a persistent service')()
      for (const { address } of accountsSeed.accounts) {
        expect(await again.resolve(address)).toEqual(await accounts.resolve(address))
      }
    },
  },
  {
    name: 'outage: every call is MAIL_E_UNAVAILABLE, none says "unknown"',
    needs: ['injected outages'],
    async run({ accounts, injectOutage }) {
      const jo = await accountAt(accounts, 'jo@example.org')
      const end = present(injectOutage, 'injectOutage')()
      await expectCode(accounts.resolve(jo.address), 'MAIL_E_UNAVAILABLE')
      await expectCode(accounts.domain('example.org'), 'MAIL_E_UNAVAILABLE')
      await expectCode(accounts.byId(jo.id), 'MAIL_E_UNAVAILABLE')
      await expectCode(accounts.verify('jo@example.org', 'x', 'pop3'), 'MAIL_E_UNAVAILABLE')
      end()
      expect(await accountAt(accounts, 'jo@example.org')).toEqual(jo)
    },
  },
]
