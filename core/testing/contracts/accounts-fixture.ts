import { expect } from 'vitest'
import type { Account } from '../../model/account.ts'
import type { Address } from '../../model/address/address.ts'
import type {
  Accounts,
  AccountsAbilities,
  AccountsAdministration,
  Alias,
  NewAccount,
} from '../../services/accounts.ts'
import { addressOf } from '../address-of.ts'
import type { FakeClock } from '../fake-clock.ts'
import { abilitiesOf } from './abilities.ts'
import type { ConditionalCase, Disposable } from './contract.ts'
import { expectCode, present } from './expectations.ts'

/** What has to be in an accounts service before each case. Domains are canonical. */
export interface AccountsSeed {
  readonly domains: readonly string[]
  readonly accounts: readonly NewAccount[]
  /** To be left out where `supports.aliases` is false; those with an empty local part where `supports.catchAll` is. */
  readonly aliases: readonly Alias[]
}

/** An accounts service to be examined. */
export interface AccountsFixture extends Disposable {
  readonly accounts: Accounts
  /** Another service on the same contents, as another process would have it. Wanted where `supports.persistent`. */
  reopen?(): Promise<Accounts>
  /** What separates user and detail in `user+detail@domain`; null where the service separates none. `+` where absent. */
  readonly detailSeparator?: string | null
  /** False where the service cannot have disabled accounts: those of the seed are left out, or unknown to it. */
  readonly disabledAccounts?: false
  /** The clock that the service goes by, in the hands of the test: for what ends at a time. */
  readonly clock?: FakeClock
  /** Takes protocols away from an account, by whatever means the service has; `setProtocols` where absent. */
  disableProtocols?(address: Address, protocols: readonly string[]): Promise<void>
  /** Makes whatever the service needs (a database, a directory) fail until the answered call. */
  injectOutage?(): () => void
}

/** What a case may need of the service or of its fixture. */
export type AccountsNeed =
  | keyof AccountsAbilities
  | 'a fake clock'
  | 'details'
  | 'disabled accounts'
  | 'disabled protocols'
  | 'injected outages'

export type AccountsCase = ConditionalCase<AccountsFixture, AccountsNeed>

/** Whether a service, or its fixture, has what a case needs. A persistent service must have `reopen`. */
export function accountsHave(need: AccountsNeed, fixture: AccountsFixture): boolean {
  if (need === 'details') return fixture.detailSeparator !== null
  if (need === 'disabled accounts') return fixture.disabledAccounts !== false
  if (need === 'disabled protocols')
    return fixture.disableProtocols !== undefined || fixture.accounts.supports.accountSettings === true
  if (need === 'a fake clock') return fixture.clock !== undefined
  if (need === 'injected outages') return fixture.injectOutage !== undefined
  return abilitiesOf('accounts', fixture.accounts)[need] === true
}

/** The password of every seeded account that has one, but for {@link longPassword}. */
export const seedPassword = 'correct horse battery staple'

/** The password of `long@example.org`: more octets than bcrypt reads, and than fit into some columns. */
export const longPassword: string = `${seedPassword}, `.repeat(7)

/** The seed of the accounts contract. */
export const accountsSeed: AccountsSeed = {
  domains: ['example.org', 'xn--mnchen-3ya.example', 'empty.example'],
  accounts: [
    { address: addressOf('jo@example.org'), password: seedPassword, name: 'Jo Doe', quotaBytes: 1_000_000 },
    { address: addressOf('jo+exact@example.org'), password: seedPassword },
    { address: addressOf('Anna.Lee@example.org'), password: seedPassword },
    { address: addressOf('long@example.org'), password: longPassword },
    { address: addressOf('off@example.org'), password: seedPassword, disabled: true },
    { address: addressOf('nobody@example.org') },
    { address: addressOf('"two words"@example.org') },
    { address: addressOf('jörg@münchen.example'), password: seedPassword },
  ],
  aliases: [
    {
      address: addressOf('info@example.org'),
      targets: [addressOf('jo@example.org'), addressOf('x@elsewhere.example')],
    },
    { address: addressOf('chain@example.org'), targets: [addressOf('info@example.org')] },
    { address: addressOf('loop@example.org'), targets: [addressOf('loop@example.org')] },
    { address: { localPart: '', domain: 'xn--mnchen-3ya.example' }, targets: [addressOf('jo@example.org')] },
  ],
}

/** The accounts of the seed that a service has. */
export function seededAccounts(fixture: AccountsFixture): readonly NewAccount[] {
  const all = accountsSeed.accounts
  return accountsHave('disabled accounts', fixture) ? all : all.filter(({ disabled }) => disabled !== true)
}

/** Puts a seed into a service by its administration: for fixtures of services that have one. */
export async function seedAccounts(
  administration: AccountsAdministration,
  seed: AccountsSeed,
): Promise<void> {
  for (const domain of seed.domains) await administration.addDomain(domain)
  for (const account of seed.accounts) await administration.addAccount(account)
  for (const { address, targets } of seed.aliases) {
    for (const target of targets) await administration.addAlias(address, target)
  }
}

/** The account that an address leads to directly, failing the case where it leads elsewhere. */
export async function accountAt(accounts: Accounts, address: string | Address): Promise<Account> {
  const resolution = await accounts.resolve(typeof address === 'string' ? addressOf(address) : address)
  if (resolution.kind !== 'account')
    expect.fail(`${JSON.stringify(address)} is ${resolution.kind}, not an account`)
  return resolution.account
}

/** The administration, failing the case where there is none. */
export function administrationOf({ accounts }: AccountsFixture): AccountsAdministration {
  return present(accounts.administration, 'administration')
}

/** Demands that a call is MAIL_E_UNSUPPORTED where there is an administration that could make it. */
export async function expectUnsupported(
  { accounts: { administration } }: AccountsFixture,
  call: (administration: AccountsAdministration) => Promise<unknown>,
): Promise<void> {
  if (administration !== undefined) await expectCode(call(administration), 'MAIL_E_UNSUPPORTED')
}

/** What an address comes to in the end: the ids of accounts, and the addresses and kinds that lead no further. */
export async function endsOf(accounts: Accounts, address: string | Address): Promise<readonly string[]> {
  const ends: string[] = []
  const queue = [typeof address === 'string' ? addressOf(address) : address]
  for (let steps = 0; steps < 20; steps++) {
    const next = queue.shift()
    if (next === undefined) break
    const found = await accounts.resolve(next)
    if (found.kind === 'alias') queue.push(...found.addresses)
    else ends.push(found.kind === 'account' ? found.account.id : found.kind)
  }
  return ends
}

/** Whether a login works, as an IMAP client would try it. */
export async function loginWorks(accounts: Accounts, login: string, secret: string): Promise<boolean> {
  return (await accounts.verify(login, secret, 'imap')).ok
}

/** Addresses that attackers, or odd customers, have; all of them are valid. */
export const hostileAddresses: readonly Address[] = [
  "o'neil@example.org",
  '"x; DROP TABLE accounts;--"@example.org',
  '%@example.org',
  '_@example.org',
  '*@example.org',
  '__proto__@example.org',
  'constructor@example.org',
  '#comment@example.org',
  '"a:b"@example.org',
  '"a,b"@example.org',
  '"a@b"@example.org',
  '"../../etc/passwd"@example.org',
  '"$(id)"@example.org',
  '"\\"\\\\"@example.org',
  'ünïcode@example.org',
  '用户@example.org',
].map(addressOf)
