import { MailwrightError } from '../errors.ts'
import type { Account } from '../model/account.ts'
import { type Address, addressKey, formatAddress } from '../model/address/address.ts'
import { isVerifiable } from '../passwords/index.ts'
import type { NewAccount } from '../services/accounts.ts'
import { newAccountId } from './account-id.ts'
import type { AccountRecord, AccountsDirectory, DeletedRecord } from './directory.ts'
import { checkDomainLimits, checkOwnAddresses } from './domain-rules.ts'
import { checkAddress, checkPersonName, checkQuota, checkRoles } from './rules.ts'
import { checkSendingLimit } from './sending-limit.ts'

/** The account that is to be made, in canonical form. MAIL_E_INVALID. */
export function checkNewAccount(given: NewAccount, now: number): Account {
  const { address, name, quotaBytes, disabled, disabledProtocols = [], sendingLimit } = given
  checkHash(given)
  return accountWith(
    { id: newAccountId(now), address: checkAddress(address) },
    {
      name: checkPersonName(name),
      quotaBytes: checkQuota(quotaBytes),
      disabled: disabled === true ? disabled : undefined,
      disabledProtocols: disabledProtocols.length === 0 ? undefined : checkRoles(disabledProtocols),
      sendingLimit: checkSendingLimit(sendingLimit),
    },
  )
}

/** MAIL_E_INVALID where a hash is none that can be verified, or stands beside a password. */
function checkHash({ password, hash }: NewAccount): void {
  if (hash === undefined) return
  if (password !== undefined)
    throw new MailwrightError('MAIL_E_INVALID', 'a hash stands in place of a password')
  // Some keep it in a line of a file, others in a column.
  const isKept = /^\S(?:[^\p{Cc}\u2028\u2029]{0,1022}\S)?$/u.test(hash)
  if (!isKept || !isVerifiable(hash))
    throw new MailwrightError('MAIL_E_INVALID', 'the hash is of no scheme that is known, or malformed')
}

/** Facts of an account; those that are undefined are taken away. */
export type AccountFacts = { readonly [Fact in keyof Omit<Account, 'id'>]?: Account[Fact] | undefined }

/** The account with other facts. */
export function accountWith(account: Account, facts: AccountFacts): Account {
  const entries = Object.entries({ ...account, ...facts }).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as unknown as Account
}

/** Adds an account. MAIL_E_EXISTS, MAIL_E_NOT_FOUND and MAIL_E_OVER_QUOTA (its domain), MAIL_E_INVALID. */
export function addAccount(directory: AccountsDirectory, record: AccountRecord): Account {
  place(directory, record)
  return directory.accountOf(record)
}

/** Changes facts of an account: an address among them moves it. The same errors. */
export function changeAccount(directory: AccountsDirectory, address: Address, facts: AccountFacts): Account {
  const before = directory.requireRecord(checkAddress(address))
  const record = { ...before, account: accountWith(before.account, facts) }
  if (addressKey(record.account.address) === addressKey(before.account.address)) {
    limit(directory, record, before)
    directory.put(record)
  } else place(directory, record, before)
  return directory.accountOf(record)
}

/** Removes an account; it can be restored. */
export function removeAccount(directory: AccountsDirectory, address: Address, now: number): void {
  const record = directory.requireRecord(checkAddress(address))
  directory.delete(record)
  directory.deleted = [{ record, deletedAt: new Date(now) }, ...directory.deleted]
}

/** The deleted account of an id, or of an address: the one deleted last. MAIL_E_NOT_FOUND. */
export function findDeleted(directory: AccountsDirectory, which: string | Address): DeletedRecord {
  const key = typeof which === 'string' ? undefined : addressKey(checkAddress(which))
  const found = directory.deleted.find(({ record: { account } }) =>
    key === undefined ? account.id === which : addressKey(account.address) === key,
  )
  if (found !== undefined) return found
  const name = typeof which === 'string' ? which.slice(0, 100) : formatAddress(which)
  throw new MailwrightError('MAIL_E_NOT_FOUND', `there is no deleted account ${name}`)
}

/** Brings a deleted account back. The errors of `addAccount`. */
export function restoreAccount(directory: AccountsDirectory, which: string | Address): Account {
  const deleted = findDeleted(directory, which)
  place(directory, deleted.record)
  directory.deleted = directory.deleted.filter((each) => each !== deleted)
  return directory.accountOf(deleted.record)
}

/** Forgets a deleted account. */
export function purgeAccount(directory: AccountsDirectory, which: string | Address): Account {
  const deleted = findDeleted(directory, which)
  directory.deleted = directory.deleted.filter((each) => each !== deleted)
  return deleted.record.account
}

/** Puts a record where its address says, which must be free. */
function place(directory: AccountsDirectory, record: AccountRecord, before?: AccountRecord): void {
  const { address } = record.account
  checkOwnAddresses(directory.requireDomain(address.domain))
  directory.requireFree(address)
  limit(directory, record, before)
  directory.put(record)
}

/** The limits of the domain as they would be met with a record in another one's place. */
function limit(directory: AccountsDirectory, record: AccountRecord, before?: AccountRecord): void {
  const { domain } = record.account.address
  const { quotaBytes: most, maxAccounts } = directory.requireDomain(domain)
  // Counting is only worth while where there is something to be met.
  if ((most ?? maxAccounts) === undefined) return
  const { accounts, accountsWithoutQuota, quotaBytes } = directory.useOf(domain)
  const share = (from: AccountRecord | undefined, sign: number) => {
    if (from === undefined || from.account.address.domain !== domain) return [0, 0, 0] as const
    const quota = from.account.quotaBytes
    return [sign, quota === undefined ? sign : 0, (quota ?? 0) * sign] as const
  }
  const [more, less] = [share(record, 1), share(before, -1)]
  checkDomainLimits(directory.requireDomain(domain), {
    accounts: accounts + more[0] + less[0],
    accountsWithoutQuota: accountsWithoutQuota + more[1] + less[1],
    quotaBytes: quotaBytes + more[2] + less[2],
  })
}
