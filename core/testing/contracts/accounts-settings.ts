import { expect } from 'vitest'
import { type Address, addressKey } from '../../model/address/address.ts'
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

const settingCases: readonly AccountsCase[] = [
  {
    name: 'setDisabled: found, and let in no longer; and all back again',
    needs: ['administration', 'accountSettings'],
    async run(fixture) {
      const { accounts } = fixture
      const administration = administrationOf(fixture)
      const before = await accountAt(accounts, jo)
      expect(before).not.toHaveProperty('disabled')
      await administration.setDisabled(addressOf('JO@example.org'), true)
      expect(await accountAt(accounts, jo)).toEqual({ ...before, disabled: true })
      const verified = await accounts.verify('jo@example.org', seedPassword, 'imap')
      expect(verified).toEqual({ ok: false, reason: 'disabled' })
      const wrong = await accounts.verify('jo@example.org', 'wrong', 'imap')
      expect(wrong, 'only who knows the secret learns it').toEqual({ ok: false, reason: 'wrong-secret' })
      await administration.setDisabled(jo, false)
      expect(await accountAt(accounts, jo)).toEqual(before)
      expect(await loginWorks(accounts, 'jo@example.org', seedPassword)).toBe(true)
      await expectCode(administration.setDisabled(addressOf('nosuch@example.org'), true), 'MAIL_E_NOT_FOUND')
    },
    otherwise: (fixture) =>
      expectUnsupported(fixture, (administration) => administration.setDisabled(jo, true)),
  },
  {
    name: 'setProtocols, setName: set and take away',
    needs: ['administration', 'accountSettings'],
    async run(fixture) {
      const { accounts } = fixture
      const administration = administrationOf(fixture)
      await administration.setProtocols(jo, ['pop3', 'imap', 'pop3'])
      expect((await accountAt(accounts, jo)).disabledProtocols).toEqual(['pop3', 'imap'])
      expect(await accounts.verify('jo@example.org', seedPassword, 'pop3')).toMatchObject({
        reason: 'protocol',
      })
      await administration.setProtocols(jo, [])
      expect(await accountAt(accounts, jo)).not.toHaveProperty('disabledProtocols')
      expect(await loginWorks(accounts, 'jo@example.org', seedPassword)).toBe(true)
      await expectCode(administration.setProtocols(jo, ['pop']), 'MAIL_E_INVALID')
      await administration.setName(jo, 'Jo: "X", Ü')
      expect((await accountAt(accounts, jo)).name).toBe('Jo: "X", Ü')
      await administration.setName(jo, undefined)
      expect(await accountAt(accounts, jo)).not.toHaveProperty('name')
      for (const name of ['', 'a\nb', 'x'.repeat(256)])
        await expectCode(administration.setName(jo, name), 'MAIL_E_INVALID')
      const nobody = addressOf('nosuch@example.org')
      await expectCode(administration.setName(nobody, 'x'), 'MAIL_E_NOT_FOUND')
      await expectCode(administration.setProtocols(nobody, ['pop3']), 'MAIL_E_NOT_FOUND')
    },
  },
  {
    name: 'addAccount: with all settings that an account can have',
    needs: ['administration', 'accountSettings'],
    async run(fixture) {
      const administration = administrationOf(fixture)
      const address = addressOf('new@example.org')
      const added = await administration.addAccount({ address, disabled: true, disabledProtocols: ['imap'] })
      expect(added).toMatchObject({ disabled: true, disabledProtocols: ['imap'] })
      expect(await accountAt(fixture.accounts, address)).toEqual(added)
      const plain = { address: addressOf('plain@example.org'), disabled: false, disabledProtocols: [] }
      const { id } = await administration.addAccount(plain)
      expect(await fixture.accounts.byId(id)).toEqual({ id, address: plain.address })
    },
  },
  {
    name: 'rename: another address, the same account',
    needs: ['administration', 'accountSettings'],
    async run(fixture) {
      const { accounts } = fixture
      const administration = administrationOf(fixture)
      const before = await accountAt(accounts, jo)
      const to = addressOf('Josephine@empty.example')
      expect(await administration.rename(jo, to)).toEqual({ ...before, address: to })
      expect(await accounts.byId(before.id)).toEqual({ ...before, address: to })
      expect((await accountAt(accounts, 'josephine@EMPTY.example')).id).toBe(before.id)
      expect((await accounts.resolve(jo)).kind, 'the old address is free').toBe('unknown')
      expect(await loginWorks(accounts, 'josephine@empty.example', seedPassword)).toBe(true)
      expect(await loginWorks(accounts, 'jo@example.org', seedPassword)).toBe(false)
      await administration.addAccount({ address: jo })
      expect((await administration.rename(to, addressOf('JOSEPHINE@empty.example'))).address.localPart).toBe(
        'JOSEPHINE',
      )
    },
  },
  {
    name: 'rename: MAIL_E_EXISTS, MAIL_E_NOT_FOUND, MAIL_E_INVALID, and nothing has changed',
    needs: ['administration', 'accountSettings'],
    async run(fixture) {
      const administration = administrationOf(fixture)
      const before = await administration.accounts()
      const rename = (to: string) => administration.rename(jo, addressOf(to))
      await expectCode(rename('ANNA.lee@example.org'), 'MAIL_E_EXISTS')
      if (fixture.accounts.supports.aliases) await expectCode(rename('info@example.org'), 'MAIL_E_EXISTS')
      await expectCode(rename('jo@elsewhere.example'), 'MAIL_E_NOT_FOUND')
      await expectCode(administration.rename(addressOf('nosuch@example.org'), jo), 'MAIL_E_NOT_FOUND')
      const nameless = { localPart: '', domain: 'example.org' }
      await expectCode(administration.rename(jo, nameless), 'MAIL_E_INVALID')
      expect(await administration.accounts()).toEqual(before)
    },
  },
]

const limitCases: readonly AccountsCase[] = [
  {
    name: 'setSendingLimit: set and lifted',
    needs: ['administration', 'sendingLimits'],
    async run(fixture) {
      const administration = administrationOf(fixture)
      const limit = { recipients: 100, perSeconds: 3600 }
      await administration.setSendingLimit(jo, limit)
      expect((await accountAt(fixture.accounts, jo)).sendingLimit).toEqual(limit)
      await administration.setSendingLimit(jo, undefined)
      expect(await accountAt(fixture.accounts, jo)).not.toHaveProperty('sendingLimit')
      for (const bad of [
        { recipients: -1, perSeconds: 60 },
        { recipients: 1.5, perSeconds: 60 },
        { recipients: 1, perSeconds: 0 },
        { recipients: 1, perSeconds: 86_400 * 32 },
        { recipients: Number.NaN, perSeconds: 1 },
      ]) {
        await expectCode(administration.setSendingLimit(jo, bad), 'MAIL_E_INVALID')
      }
      const nobody = addressOf('nosuch@example.org')
      await expectCode(administration.setSendingLimit(nobody, limit), 'MAIL_E_NOT_FOUND')
    },
    otherwise: (fixture) =>
      expectUnsupported(fixture, (administration) =>
        administration.setSendingLimit(jo, { recipients: 100, perSeconds: 3600 }),
      ),
  },
]

const expiringCases: readonly AccountsCase[] = [
  {
    name: 'aliases: a target ends at its time, at once, and stays in the list',
    needs: ['administration', 'aliases', 'expiringAliases', 'a fake clock'],
    async run(fixture) {
      const { accounts } = fixture
      const [administration, clock] = [administrationOf(fixture), present(fixture.clock, 'clock')]
      const [sales, anna] = [addressOf('sales@empty.example'), addressOf('anna.lee@example.org')]
      const expiresAt = new Date(clock.now() + 60_000)
      await administration.addAlias(sales, jo)
      await administration.addAlias(sales, { ...anna, expiresAt })
      const targets = async () => {
        const resolution = await accounts.resolve(sales)
        return resolution.kind === 'alias' ? byKey(resolution.addresses) : resolution.kind
      }
      expect(await targets()).toEqual([anna, jo])
      clock.advance(59_999)
      expect(await targets()).toEqual([anna, jo])
      clock.advance(1)
      expect(await targets()).toEqual([jo])
      const [listed] = await administration.aliases('empty.example')
      expect(byKey(listed?.targets ?? [])).toEqual([{ ...anna, expiresAt }, jo])
      await administration.removeAlias(sales, jo)
      expect(await targets(), 'what is left has expired').toBe('unknown')
      await administration.addAlias(sales, { ...anna, expiresAt: new Date(clock.now() + 1000) })
      expect(await targets(), 'renewed').toEqual([anna])
      await expectCode(administration.addAlias(sales, anna), 'MAIL_E_EXISTS')
    },
    otherwise: (fixture) => expectUnsupportedExpiry(fixture),
  },
  {
    name: 'aliases: an end that is over, or no time, is MAIL_E_INVALID',
    needs: ['administration', 'aliases', 'expiringAliases'],
    async run(fixture) {
      const administration = administrationOf(fixture)
      for (const time of [0, Number.NaN]) {
        const target = { ...jo, expiresAt: new Date(time) }
        await expectCode(administration.addAlias(addressOf('s@example.org'), target), 'MAIL_E_INVALID')
      }
    },
  },
]

function byKey<Target extends Address>(targets: readonly Target[]): readonly Target[] {
  return targets.toSorted((a, b) => (addressKey(a) < addressKey(b) ? -1 : 1))
}

async function expectUnsupportedExpiry(fixture: Parameters<typeof expectUnsupported>[0]): Promise<void> {
  if (fixture.accounts.supports.expiringAliases || !fixture.accounts.supports.aliases) return
  const target = { ...jo, expiresAt: new Date(Date.now() + 60_000) }
  await expectUnsupported(fixture, (administration) =>
    administration.addAlias(addressOf('s@example.org'), target),
  )
}

/** What can be said of accounts, and of aliases over time. */
export const accountSettingsCases: readonly AccountsCase[] = [
  ...settingCases,
  ...limitCases,
  ...expiringCases,
]
