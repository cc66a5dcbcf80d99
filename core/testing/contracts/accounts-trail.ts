import { expect } from 'vitest'
import { addressOf } from '../address-of.ts'
import {
  type AccountsCase,
  accountAt,
  administrationOf,
  expectUnsupported,
  loginWorks,
  seedPassword,
} from './accounts-fixture.ts'
import { expectCode, present } from './expectations.ts'

const jo = addressOf('jo@example.org')

const restoringCases: readonly AccountsCase[] = [
  {
    name: 'restoreAccount: everything is as it was, by address or by id',
    needs: ['administration', 'restoring'],
    async run(fixture) {
      const { accounts } = fixture
      const administration = administrationOf(fixture)
      const before = await accountAt(accounts, jo)
      for (const which of [addressOf('JO@example.org'), before.id]) {
        await administration.removeAccount(jo)
        const [deleted, ...others] = await administration.deletedAccounts('example.org')
        expect(deleted?.account).toEqual(before)
        expect(deleted?.deletedAt).toBeInstanceOf(Date)
        expect(others).toEqual([])
        expect(await administration.deletedAccounts('empty.example')).toEqual([])
        expect(await administration.restoreAccount(which)).toEqual(before)
        expect(await accountAt(accounts, jo)).toEqual(before)
        expect(await loginWorks(accounts, 'jo@example.org', seedPassword)).toBe(true)
        expect(await administration.deletedAccounts()).toEqual([])
      }
      await expectCode(administration.restoreAccount(jo), 'MAIL_E_NOT_FOUND')
      for (const id of ['', "' or 1=1 --", 'x'.repeat(10_000), before.id])
        await expectCode(administration.restoreAccount(id), 'MAIL_E_NOT_FOUND')
    },
    otherwise: (fixture) => expectUnsupported(fixture, (administration) => administration.restoreAccount(jo)),
  },
  {
    name: 'removeAccount: the address is free, and the one before cannot come back meanwhile',
    needs: ['administration', 'restoring'],
    async run(fixture) {
      const { accounts } = fixture
      const administration = administrationOf(fixture)
      const first = await accountAt(accounts, jo)
      await administration.removeAccount(jo)
      const second = await administration.addAccount({ address: jo })
      expect(second.id).not.toBe(first.id)
      await expectCode(administration.restoreAccount(first.id), 'MAIL_E_EXISTS')
      await administration.removeAccount(jo)
      const deleted = await administration.deletedAccounts()
      expect(deleted.map(({ account }) => account.id)).toEqual([second.id, first.id])
      expect((await administration.restoreAccount(jo)).id, 'the one deleted last').toBe(second.id)
      await administration.removeAccount(jo)
      await administration.purgeAccount(second.id)
      await expectCode(administration.purgeAccount(second.id), 'MAIL_E_NOT_FOUND')
      expect((await administration.restoreAccount(jo)).id).toBe(first.id)
      await expectCode(administration.purgeAccount(jo), 'MAIL_E_NOT_FOUND')
      expect(await accountAt(accounts, jo)).toEqual(first)
    },
  },
  {
    name: 'restoreAccount: its domain must be there, and have room',
    needs: ['administration', 'restoring', 'domainSettings'],
    async run(fixture) {
      const administration = administrationOf(fixture)
      const [a, b] = [addressOf('a@empty.example'), addressOf('b@empty.example')]
      await administration.addAccount({ address: a })
      await administration.removeAccount(a)
      await administration.removeDomain('empty.example')
      await expectCode(administration.restoreAccount(a), 'MAIL_E_NOT_FOUND')
      await administration.addDomain('empty.example', { maxAccounts: 1 })
      await administration.addAccount({ address: b })
      await expectCode(administration.restoreAccount(a), 'MAIL_E_OVER_QUOTA')
      await administration.removeAccount(b)
      await administration.restoreAccount(a)
    },
  },
]

const auditCases: readonly AccountsCase[] = [
  {
    name: 'audit: every change is there, with who made it, and no secret',
    needs: ['administration', 'audit'],
    async run(fixture) {
      const administration = administrationOf(fixture).actingAs('test:me')
      const address = addressOf('New@empty.example')
      await administration.addDomain('third.example')
      await administration.removeDomain('third.example')
      await administration.addAccount({ address, password: 'first secret' })
      await administration.setPassword(address, 'second secret')
      await administration.setQuota(address, 1000)
      await administration.addAlias({ localPart: '', domain: 'empty.example' }, jo)
      await administration.removeAlias({ localPart: '', domain: 'empty.example' })
      await administration.removeAccount(address)
      const entries = (await administration.audit()).filter(({ actor }) => actor === 'test:me')
      expect(entries.map(({ action, subject }) => `${action} ${subject}`)).toEqual([
        'domain.add third.example',
        'domain.remove third.example',
        'account.add New@empty.example',
        'account.password New@empty.example',
        'account.quota New@empty.example',
        'alias.add @empty.example',
        'alias.remove @empty.example',
        'account.remove New@empty.example',
      ])
      expect(entries[4]?.detail).toEqual({ quotaBytes: 1000 })
      expect(entries[5]?.detail).toEqual({ target: 'jo@example.org' })
      for (const { at } of entries) expect(at).toBeInstanceOf(Date)
      expect(JSON.stringify(entries)).not.toMatch(/secret|argon2/)
    },
    otherwise: (fixture) => expectUnsupported(fixture, (administration) => administration.audit()),
  },
  {
    name: 'audit: by subject, time and number; what failed is not there',
    needs: ['administration', 'audit'],
    async run(fixture) {
      const administration = administrationOf(fixture)
      await expectCode(administration.addAccount({ address: jo }), 'MAIL_E_EXISTS')
      const before = (await administration.audit({ subject: 'JO@example.org' })).length
      await administration.setQuota(jo, 5)
      await administration.setQuota(jo, undefined)
      const entries = await administration.audit({ subject: 'jo@EXAMPLE.org' })
      expect(entries).toHaveLength(before + 2)
      expect(entries.slice(-2).map(({ detail }) => detail)).toEqual([{ quotaBytes: 5 }, { quotaBytes: null }])
      expect(entries.at(-1)?.actor).toBe('unknown')
      expect(await administration.audit({ subject: 'jo@example.org', limit: 1 })).toEqual(entries.slice(-1))
      const at = present(entries.at(-1), 'the newest entry').at
      expect(await administration.audit({ since: new Date(at.getTime() + 1) })).toEqual([])
      expect((await administration.audit({ since: at, until: at })).length).toBeGreaterThan(0)
      expect((await administration.audit({ subject: 'Example.ORG' })).map(({ action }) => action)).toEqual([
        'domain.add',
      ])
      expect(await administration.audit({ subject: '@münchen.example' })).toHaveLength(1)
      for (const subject of ['', "' or 1=1 --", 'a@b@', 'x'.repeat(10_000)])
        await expectCode(administration.audit({ subject }), 'MAIL_E_INVALID')
      await expectCode(administration.audit({ limit: 0 }), 'MAIL_E_INVALID')
    },
  },
  {
    name: 'actingAs: an actor is one printable line',
    needs: ['administration', 'audit'],
    async run(fixture) {
      const administration = administrationOf(fixture)
      for (const actor of ['', 'a\nb', 'x'.repeat(256)]) {
        const act = async () => administration.actingAs(actor)
        await expectCode(act(), 'MAIL_E_INVALID')
      }
      await administration.actingAs('o\'neil"; drop table accounts; --').setQuota(jo, 1)
      expect((await administration.audit({ limit: 1 }))[0]?.actor).toBe('o\'neil"; drop table accounts; --')
    },
  },
]

/** What is kept of what was: accounts that can be restored, and who changed what. */
export const trailCases: readonly AccountsCase[] = [...restoringCases, ...auditCases]
