import { expect } from 'vitest'
import { addressOf } from '../address-of.ts'
import {
  type AccountsCase,
  accountAt,
  administrationOf,
  endsOf,
  expectUnsupported,
  loginWorks,
  seedPassword,
} from './accounts-fixture.ts'
import { expectCode } from './expectations.ts'

const aliasDomainCases: readonly AccountsCase[] = [
  {
    name: 'alias domains: each address leads where the same local part of the other domain leads',
    needs: ['administration', 'aliasDomains'],
    async run(fixture) {
      const { accounts } = fixture
      const administration = administrationOf(fixture)
      const added = await administration.addDomain('Bücher.example', { aliasOf: 'EXAMPLE.org' })
      expect(added).toEqual({ name: 'xn--bcher-kva.example', aliasOf: 'example.org' })
      expect(await accounts.domain('bücher.example')).toEqual(added)
      expect(await administration.domains()).toContainEqual(added)
      const jo = await accountAt(accounts, 'jo@example.org')
      expect(await endsOf(accounts, 'JO@bücher.example')).toEqual([jo.id])
      expect(await endsOf(accounts, 'nosuch@bücher.example')).toEqual(['unknown'])
      if (fixture.accounts.supports.aliases)
        expect(await endsOf(accounts, 'info@bücher.example')).toEqual(
          await endsOf(accounts, 'info@example.org'),
        )
      if (fixture.detailSeparator !== null)
        expect(await endsOf(accounts, `jo${fixture.detailSeparator ?? '+'}x@bücher.example`)).toEqual([jo.id])
      expect(await loginWorks(accounts, 'jo@bücher.example', seedPassword), 'nobody logs in there').toBe(
        false,
      )
    },
    otherwise: (fixture) =>
      expectUnsupported(fixture, (administration) =>
        administration.addDomain('other.example', { aliasOf: 'example.org' }),
      ),
  },
  {
    name: 'alias domains: have nothing of their own, stand for one that is none, and keep it from going',
    needs: ['administration', 'aliasDomains'],
    async run(fixture) {
      const administration = administrationOf(fixture)
      await administration.addDomain('other.example', { aliasOf: 'empty.example' })
      const [jo, inside] = [addressOf('jo@example.org'), addressOf('a@other.example')]
      await expectCode(administration.addAccount({ address: inside }), 'MAIL_E_INVALID')
      if (fixture.accounts.supports.aliases)
        await expectCode(administration.addAlias(inside, jo), 'MAIL_E_INVALID')
      const add = (aliasOf: string) => administration.addDomain('third.example', { aliasOf })
      await expectCode(add('elsewhere.example'), 'MAIL_E_NOT_FOUND')
      await expectCode(add('third.example'), 'MAIL_E_INVALID')
      await expectCode(add('other.example'), 'MAIL_E_INVALID')
      await expectCode(add('no domain'), 'MAIL_E_INVALID')
      await expectCode(administration.removeDomain('empty.example'), 'MAIL_E_IN_USE')
      const turn = (name: string) => administration.updateDomain(name, { aliasOf: 'xn--mnchen-3ya.example' })
      await expectCode(turn('empty.example'), 'MAIL_E_IN_USE')
      await expectCode(turn('example.org'), 'MAIL_E_IN_USE')
      await administration.updateDomain('other.example', { aliasOf: undefined })
      expect(await fixture.accounts.domain('other.example')).toEqual({ name: 'other.example' })
      expect((await fixture.accounts.resolve(inside)).kind).toBe('unknown')
      await turn('empty.example')
      await administration.removeDomain('empty.example')
    },
  },
]

const limitCases: readonly AccountsCase[] = [
  {
    name: 'domain limits: the quotas of the accounts come to no more than the quota of their domain',
    needs: ['administration', 'domainSettings'],
    async run(fixture) {
      const administration = administrationOf(fixture)
      await administration.updateDomain('empty.example', { quotaBytes: 1000 })
      const [one, two] = [addressOf('one@empty.example'), addressOf('two@empty.example')]
      await expectCode(administration.addAccount({ address: one }), 'MAIL_E_OVER_QUOTA')
      await expectCode(administration.addAccount({ address: one, quotaBytes: 1001 }), 'MAIL_E_OVER_QUOTA')
      await administration.addAccount({ address: one, quotaBytes: 600 })
      await expectCode(administration.addAccount({ address: two, quotaBytes: 401 }), 'MAIL_E_OVER_QUOTA')
      await administration.addAccount({ address: two, quotaBytes: 400 })
      await expectCode(administration.setQuota(two, 401), 'MAIL_E_OVER_QUOTA')
      await expectCode(administration.setQuota(two, undefined), 'MAIL_E_OVER_QUOTA')
      await expectCode(administration.updateDomain('empty.example', { quotaBytes: 999 }), 'MAIL_E_OVER_QUOTA')
      await expectCode(
        administration.updateDomain('example.org', { quotaBytes: 2 ** 40 }),
        'MAIL_E_OVER_QUOTA',
      )
      await administration.setQuota(one, 500)
      await administration.setQuota(two, 500)
      expect(await fixture.accounts.domain('empty.example')).toEqual({
        name: 'empty.example',
        quotaBytes: 1000,
      })
      await administration.updateDomain('empty.example', { quotaBytes: undefined })
      await administration.setQuota(two, undefined)
    },
    otherwise: (fixture) =>
      expectUnsupported(fixture, (administration) =>
        administration.updateDomain('empty.example', { quotaBytes: 1000 }),
      ),
  },
  {
    name: 'domain limits: no more accounts than there may be, also where they come at the same time',
    needs: ['administration', 'domainSettings'],
    async run(fixture) {
      const administration = administrationOf(fixture)
      await administration.addDomain('small.example', { maxAccounts: 2 })
      const add = (name: string) => administration.addAccount({ address: addressOf(`${name}@small.example`) })
      const outcomes = await Promise.allSettled(['a', 'b', 'c', 'd'].map(add))
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
      await expectCode(add('e'), 'MAIL_E_OVER_QUOTA')
      await expectCode(administration.updateDomain('small.example', { maxAccounts: 1 }), 'MAIL_E_OVER_QUOTA')
      await administration.updateDomain('small.example', { maxAccounts: 3 })
      await add('e')
      for (const settings of [{ maxAccounts: -1 }, { maxAccounts: 1.5 }, { quotaBytes: -1 }]) {
        await expectCode(administration.updateDomain('small.example', settings), 'MAIL_E_INVALID')
        await expectCode(administration.addDomain('other.example', settings), 'MAIL_E_INVALID')
      }
      await expectCode(administration.updateDomain('nosuch.example', { maxAccounts: 1 }), 'MAIL_E_NOT_FOUND')
    },
  },
]

const disabledCases: readonly AccountsCase[] = [
  {
    name: 'disabled domains: no logins, accounts disabled, aliases unknown; and all back again',
    needs: ['administration', 'domainSettings'],
    async run(fixture) {
      const { accounts } = fixture
      const administration = administrationOf(fixture)
      const before = await accountAt(accounts, 'jo@example.org')
      await administration.updateDomain('example.org', { disabled: true })
      expect(await accounts.domain('example.org')).toEqual({ name: 'example.org', disabled: true })
      expect(await accountAt(accounts, 'jo@example.org')).toEqual({ ...before, disabled: true })
      expect(await accounts.byId(before.id)).toEqual({ ...before, disabled: true })
      expect(await accounts.verify('jo@example.org', seedPassword, 'imap')).toEqual({
        ok: false,
        reason: 'disabled',
      })
      expect((await accounts.resolve(addressOf('info@example.org'))).kind).toBe('unknown')
      expect((await accounts.resolve(addressOf('nosuch@example.org'))).kind).toBe('unknown')
      expect(await loginWorks(accounts, 'jörg@münchen.example', seedPassword)).toBe(true)
      await administration.updateDomain('example.org', { disabled: false })
      expect(await accountAt(accounts, 'jo@example.org')).toEqual(before)
      expect(await loginWorks(accounts, 'jo@example.org', seedPassword)).toBe(true)
    },
  },
]

/** What can be said of domains. */
export const domainSettingsCases: readonly AccountsCase[] = [
  ...aliasDomainCases,
  ...limitCases,
  ...disabledCases,
]
