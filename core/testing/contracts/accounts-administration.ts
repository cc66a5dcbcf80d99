import { expect } from 'vitest'
import { addressKey } from '../../model/address/address.ts'
import { addressOf } from '../address-of.ts'
import {
  type AccountsCase,
  accountAt,
  administrationOf,
  hostileAddresses,
  loginWorks,
  seededAccounts,
  seedPassword,
} from './accounts-fixture.ts'
import { codeOf, expectCode, outcomeOf, present } from './expectations.ts'

/** Local parts that no parser of ours lets through; a file's or a log's lines could be broken with them. */
const impossibleLocalParts = ['', 'a\nb', 'a\r\nroot', 'a\0b', 'x'.repeat(65), '\ud800']

const domainCases: readonly AccountsCase[] = [
  {
    name: 'administration: is there where it is said to be',
    needs: ['administration'],
    async run({ accounts }) {
      expect(accounts.administration).toBeDefined()
    },
    async otherwise({ accounts }) {
      expect(accounts.administration).toBeUndefined()
    },
  },
  {
    name: 'domains: add, list in canonical form, remove',
    needs: ['administration'],
    async run(fixture) {
      const administration = administrationOf(fixture)
      expect(await administration.addDomain('Bücher.Example')).toMatchObject({
        name: 'xn--bcher-kva.example',
      })
      const names = (await administration.domains()).map((domain) => domain.name)
      expect([...names].sort()).toEqual([
        'empty.example',
        'example.org',
        'xn--bcher-kva.example',
        'xn--mnchen-3ya.example',
      ])
      await administration.removeDomain('BÜCHER.example')
      expect(await fixture.accounts.domain('bücher.example')).toBeUndefined()
      expect((await fixture.accounts.resolve(addressOf('jo@bücher.example'))).kind).toBe('foreign')
    },
  },
  {
    name: 'domains: MAIL_E_EXISTS, MAIL_E_NOT_FOUND, MAIL_E_INVALID, MAIL_E_IN_USE',
    needs: ['administration'],
    async run(fixture) {
      const administration = administrationOf(fixture)
      await expectCode(administration.addDomain('EXAMPLE.org'), 'MAIL_E_EXISTS')
      await expectCode(administration.addDomain('MÜNCHEN.example'), 'MAIL_E_EXISTS')
      await expectCode(administration.removeDomain('elsewhere.example'), 'MAIL_E_NOT_FOUND')
      for (const name of [
        '',
        '.',
        'a..b',
        'exa mple.org',
        'example.org\n',
        'jo@example.org',
        '-a.example',
        'x'.repeat(300),
      ]) {
        await expectCode(administration.addDomain(name), 'MAIL_E_INVALID')
      }
      await expectCode(administration.removeDomain('example.org'), 'MAIL_E_IN_USE')
      expect(await administration.domains()).toHaveLength(3)
    },
  },
  {
    name: 'domains: one that has only aliases is in use too',
    needs: ['administration', 'aliases'],
    async run(fixture) {
      const administration = administrationOf(fixture)
      await administration.addAlias(addressOf('sales@empty.example'), addressOf('jo@example.org'))
      await expectCode(administration.removeDomain('empty.example'), 'MAIL_E_IN_USE')
      await administration.removeAlias(addressOf('sales@empty.example'))
      await administration.removeDomain('empty.example')
    },
  },
]

const accountCases: readonly AccountsCase[] = [
  {
    name: 'accounts: list all or of one domain, sorted by address',
    needs: ['administration'],
    async run(fixture) {
      const administration = administrationOf(fixture)
      const all = await administration.accounts()
      expect(all).toHaveLength(seededAccounts(fixture).length)
      const ofOne = (await administration.accounts('example.org')).map((account) =>
        addressKey(account.address),
      )
      expect(ofOne).toHaveLength(seededAccounts(fixture).length - 1)
      expect(ofOne).toEqual([...ofOne].sort())
      expect(
        (await administration.accounts('MÜNCHEN.example')).map((account) => account.address.localPart),
      ).toEqual(['jörg'])
      expect(await administration.accounts('empty.example')).toEqual([])
    },
  },
  {
    name: 'addAccount: can log in and receive at once',
    needs: ['administration'],
    async run(fixture) {
      const { accounts } = fixture
      const added = await administrationOf(fixture).addAccount({
        address: addressOf('new@empty.example'),
        password: 'first',
        name: 'New',
        quotaBytes: 500,
      })
      expect(added).toMatchObject({ address: addressOf('new@empty.example'), name: 'New', quotaBytes: 500 })
      expect(await accountAt(accounts, 'new@empty.example')).toEqual(added)
      expect(await accounts.byId(added.id)).toEqual(added)
      expect(await loginWorks(accounts, 'new@empty.example', 'first')).toBe(true)
    },
  },
  {
    name: 'addAccount: MAIL_E_EXISTS for an address in use in any spelling, MAIL_E_NOT_FOUND for a foreign domain',
    needs: ['administration'],
    async run(fixture) {
      const administration = administrationOf(fixture)
      for (const text of [
        'jo@example.org',
        'JO@example.org',
        'ANNA.LEE@EXAMPLE.ORG',
        'jo\u0308rg@münchen.example',
      ]) {
        await expectCode(administration.addAccount({ address: addressOf(text) }), 'MAIL_E_EXISTS')
      }
      await expectCode(
        administration.addAccount({ address: addressOf('jo@elsewhere.example') }),
        'MAIL_E_NOT_FOUND',
      )
      if (fixture.accounts.supports.aliases) {
        await expectCode(
          administration.addAccount({ address: addressOf('Info@example.org') }),
          'MAIL_E_EXISTS',
        )
      }
      expect(await administration.accounts()).toHaveLength(seededAccounts(fixture).length)
    },
  },
  {
    name: 'addAccount: MAIL_E_INVALID for what cannot be an address, a password or a quota',
    needs: ['administration'],
    async run(fixture) {
      const administration = administrationOf(fixture)
      const address = addressOf('new@example.org')
      for (const localPart of impossibleLocalParts) {
        await expectCode(
          administration.addAccount({ address: { localPart, domain: 'example.org' } }),
          'MAIL_E_INVALID',
        )
      }
      for (const password of ['', 'x'.repeat(1025), 'a\tb', 'a\nb', 'a\0', 'a\u200eb']) {
        await expectCode(administration.addAccount({ address, password }), 'MAIL_E_INVALID')
      }
      for (const quotaBytes of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60]) {
        await expectCode(administration.addAccount({ address, quotaBytes }), 'MAIL_E_INVALID')
      }
      expect((await fixture.accounts.resolve(address)).kind).toBe('unknown')
    },
  },
  {
    name: 'addAccount: hostile addresses, names and passwords are kept exactly and harm nobody',
    needs: ['administration'],
    async run(fixture) {
      const { accounts } = fixture
      const administration = administrationOf(fixture)
      for (const address of hostileAddresses)
        await administration.addAccount({ address, name: address.localPart })
      for (const address of hostileAddresses) {
        expect(await accountAt(accounts, address)).toMatchObject({ address, name: address.localPart })
      }
      const password = 'pass:word # "x" \\ ü'
      await administration.setPassword(addressOf('__proto__@example.org'), password)
      expect(await loginWorks(accounts, '__proto__@example.org', password)).toBe(true)
      const named = await outcomeOf(
        administration.addAccount({ address: addressOf('n@example.org'), name: 'a:b\nroot:c' }),
      )
      if (named.ok) expect(named.value.name).toBe('a:b\nroot:c')
      else expect(codeOf(named.error)).toBe('MAIL_E_INVALID')
      const added = hostileAddresses.length + (named.ok ? 1 : 0)
      expect(await administration.accounts()).toHaveLength(seededAccounts(fixture).length + added)
      expect(await loginWorks(accounts, 'jo@example.org', seedPassword)).toBe(true)
    },
  },
  {
    name: 'addAccount: at the same time, each address once, none lost',
    needs: ['administration'],
    async run(fixture) {
      const administration = administrationOf(fixture)
      const add = (localPart: string) =>
        outcomeOf(administration.addAccount({ address: { localPart, domain: 'example.org' } }))
      const same = Array.from({ length: 4 }, () => add('same'))
      const each = Array.from({ length: 6 }, (_, index) => add(`n${index}`))
      const [outcomes, others] = await Promise.all([Promise.all(same), Promise.all(each)])
      for (const outcome of others) if (!outcome.ok) throw outcome.error
      expect(outcomes.filter((outcome) => outcome.ok)).toHaveLength(1)
      for (const outcome of outcomes) if (!outcome.ok) expect(codeOf(outcome.error)).toBe('MAIL_E_EXISTS')
      expect(await administration.accounts()).toHaveLength(seededAccounts(fixture).length + 1 + 6)
    },
  },
  {
    name: 'setPassword: the new one works, the old one no longer',
    needs: ['administration'],
    async run(fixture) {
      const { accounts } = fixture
      const administration = administrationOf(fixture)
      await administration.setPassword(addressOf('JO@example.org'), 'second')
      expect(await loginWorks(accounts, 'jo@example.org', 'second')).toBe(true)
      expect(await loginWorks(accounts, 'jo@example.org', seedPassword)).toBe(false)
      let long = ''
      for (const octets of [72, 100, 200]) {
        long = `${'x'.repeat(octets)}a`
        await administration.setPassword(addressOf('jo@example.org'), long)
        const other = `${'x'.repeat(octets)}b`
        expect(await loginWorks(accounts, 'jo@example.org', other), 'the secret was cut').toBe(false)
      }
      await expectCode(administration.setPassword(addressOf('nosuch@example.org'), 'x'), 'MAIL_E_NOT_FOUND')
      await expectCode(administration.setPassword(addressOf('jo@example.org'), ''), 'MAIL_E_INVALID')
      expect(await loginWorks(accounts, 'jo@example.org', long)).toBe(true)
    },
  },
  {
    name: 'setQuota: sets and lifts it',
    needs: ['administration'],
    async run(fixture) {
      const administration = administrationOf(fixture)
      const address = addressOf('jo@example.org')
      await administration.setQuota(address, 2 ** 40)
      expect((await accountAt(fixture.accounts, address)).quotaBytes).toBe(2 ** 40)
      await administration.setQuota(address, undefined)
      expect((await accountAt(fixture.accounts, address)).quotaBytes).toBeUndefined()
      await expectCode(administration.setQuota(address, -1), 'MAIL_E_INVALID')
      await expectCode(administration.setQuota(addressOf('nosuch@example.org'), 1), 'MAIL_E_NOT_FOUND')
    },
  },
  {
    name: 'removeAccount: it is unknown from then on, and its neighbours stay',
    needs: ['administration'],
    async run(fixture) {
      const { accounts } = fixture
      const administration = administrationOf(fixture)
      const { id } = await accountAt(accounts, 'jo@example.org')
      await administration.removeAccount(addressOf('Jo@example.org'))
      expect((await accounts.resolve(addressOf('jo@example.org'))).kind).toBe('unknown')
      expect(await accounts.byId(id)).toBeUndefined()
      expect(await accounts.verify('jo@example.org', seedPassword, 'imap')).toEqual({
        ok: false,
        reason: 'unknown',
      })
      await expectCode(administration.removeAccount(addressOf('jo@example.org')), 'MAIL_E_NOT_FOUND')
      await accountAt(accounts, 'jo+exact@example.org')
      expect(await administration.accounts()).toHaveLength(seededAccounts(fixture).length - 1)
    },
  },
]

const aliasCases: readonly AccountsCase[] = [
  {
    name: 'aliases: add targets, list, remove one, remove all',
    needs: ['administration', 'aliases'],
    async run(fixture) {
      const administration = administrationOf(fixture)
      const [sales, jo, remote] = [
        addressOf('sales@empty.example'),
        addressOf('jo@example.org'),
        addressOf('x@elsewhere.example'),
      ]
      await administration.addAlias(sales, jo)
      await administration.addAlias(addressOf('SALES@empty.example'), remote)
      const [alias] = await administration.aliases('empty.example')
      expect(addressKey(present(alias, 'the alias').address)).toBe(addressKey(sales))
      expect(alias?.targets.map(addressKey).sort()).toEqual([jo, remote].map(addressKey).sort())
      await administration.removeAlias(sales, jo)
      expect(await fixture.accounts.resolve(sales)).toEqual({
        kind: 'alias',
        via: 'alias',
        addresses: [remote],
      })
      await administration.removeAlias(sales, remote)
      expect((await fixture.accounts.resolve(sales)).kind, 'without targets it is gone').toBe('unknown')
      await administration.removeAlias(addressOf('info@example.org'))
      expect((await fixture.accounts.resolve(addressOf('info@example.org'))).kind).toBe('unknown')
    },
  },
  {
    name: 'aliases: a target that is there already is not doubled',
    needs: ['administration', 'aliases'],
    async run(fixture) {
      const administration = administrationOf(fixture)
      const address = addressOf('chain@example.org')
      const outcome = await outcomeOf(administration.addAlias(address, addressOf('INFO@example.org')))
      if (!outcome.ok) expect(codeOf(outcome.error)).toBe('MAIL_E_EXISTS')
      const resolution = await fixture.accounts.resolve(address)
      expect(resolution.kind === 'alias' && resolution.addresses).toHaveLength(1)
    },
  },
  {
    name: 'aliases: MAIL_E_EXISTS beside an account, MAIL_E_NOT_FOUND for what is not there',
    needs: ['administration', 'aliases'],
    async run(fixture) {
      const administration = administrationOf(fixture)
      const target = addressOf('x@elsewhere.example')
      await expectCode(administration.addAlias(addressOf('JO@example.org'), target), 'MAIL_E_EXISTS')
      await expectCode(administration.addAlias(addressOf('a@elsewhere.example'), target), 'MAIL_E_NOT_FOUND')
      await expectCode(administration.removeAlias(addressOf('nosuch@example.org')), 'MAIL_E_NOT_FOUND')
      await expectCode(
        administration.removeAlias(addressOf('info@example.org'), addressOf('q@example.org')),
        'MAIL_E_NOT_FOUND',
      )
      await expectCode(
        administration.addAlias({ localPart: 'a\nb', domain: 'example.org' }, target),
        'MAIL_E_INVALID',
      )
      expect(await administration.aliases()).toHaveLength(fixture.accounts.supports.catchAll ? 4 : 3)
    },
  },
  {
    name: 'aliases: a catch-all is an alias with an empty local part',
    needs: ['administration', 'catchAll'],
    async run(fixture) {
      const administration = administrationOf(fixture)
      const catchAll = { localPart: '', domain: 'empty.example' }
      await administration.addAlias(catchAll, addressOf('jo@example.org'))
      expect(await administration.aliases('empty.example')).toEqual([
        { address: catchAll, targets: [addressOf('jo@example.org')] },
      ])
      expect(await fixture.accounts.resolve(addressOf('x@empty.example'))).toMatchObject({ via: 'catch-all' })
      await administration.removeAlias(catchAll)
      expect((await fixture.accounts.resolve(addressOf('x@empty.example'))).kind).toBe('unknown')
    },
  },
  {
    name: 'administration: changes are there for another process',
    needs: ['administration', 'persistent'],
    async run(fixture) {
      const administration = administrationOf(fixture)
      const added = await administration.addAccount({
        address: addressOf('new@example.org'),
        password: 'first',
      })
      await administration.removeAccount(addressOf('nobody@example.org'))
      const again = await present(fixture.reopen, 'reopen() of the fixture of a persistent service')()
      expect(await again.byId(added.id)).toEqual(added)
      expect(await loginWorks(again, 'new@example.org', 'first')).toBe(true)
      expect((await again.resolve(addressOf('nobody@example.org'))).kind).toBe('unknown')
    },
  },
]

/** Changes by administration. */
export const administrationCases: readonly AccountsCase[] = [...domainCases, ...accountCases, ...aliasCases]
