import { MailwrightError } from '../errors.ts'
import type { Account } from '../model/account.ts'
import type {
  AccountsAdministration,
  Alias,
  AppPassword,
  AuditEntry,
  DeletedAccount,
  Domain,
} from '../services/accounts.ts'

/**
 * An administration that can do nothing: every call is MAIL_E_UNSUPPORTED. Providers extend it by what they can do, and
 * say in `supports` what that is.
 */
export class LimitedAdministration implements AccountsAdministration {
  actingAs(_actor: string): AccountsAdministration {
    return this
  }

  domains(): Promise<readonly Domain[]> {
    return unsupported('list domains')
  }

  addDomain(_name: string): Promise<Domain> {
    return unsupported('add domains')
  }

  updateDomain(_name: string): Promise<Domain> {
    return unsupported('change the settings of domains')
  }

  removeDomain(_name: string): Promise<void> {
    return unsupported('remove domains')
  }

  accounts(_domain?: string): Promise<readonly Account[]> {
    return unsupported('list accounts')
  }

  addAccount(..._given: Parameters<AccountsAdministration['addAccount']>): Promise<Account> {
    return unsupported('add accounts')
  }

  setPassword(..._given: Parameters<AccountsAdministration['setPassword']>): Promise<void> {
    return unsupported('set passwords')
  }

  setQuota(..._given: Parameters<AccountsAdministration['setQuota']>): Promise<void> {
    return unsupported('set quotas')
  }

  removeAccount(..._given: Parameters<AccountsAdministration['removeAccount']>): Promise<void> {
    return unsupported('remove accounts')
  }

  setName(..._given: Parameters<AccountsAdministration['setName']>): Promise<void> {
    return unsupported('set names')
  }

  setDisabled(..._given: Parameters<AccountsAdministration['setDisabled']>): Promise<void> {
    return unsupported('disable accounts')
  }

  setProtocols(..._given: Parameters<AccountsAdministration['setProtocols']>): Promise<void> {
    return unsupported('take protocols away from accounts')
  }

  rename(..._given: Parameters<AccountsAdministration['rename']>): Promise<Account> {
    return unsupported('rename accounts')
  }

  setSendingLimit(..._given: Parameters<AccountsAdministration['setSendingLimit']>): Promise<void> {
    return unsupported('limit what accounts send')
  }

  deletedAccounts(_domain?: string): Promise<readonly DeletedAccount[]> {
    return unsupported('list deleted accounts')
  }

  restoreAccount(..._given: Parameters<AccountsAdministration['restoreAccount']>): Promise<Account> {
    return unsupported('restore accounts')
  }

  purgeAccount(..._given: Parameters<AccountsAdministration['purgeAccount']>): Promise<void> {
    return unsupported('purge accounts')
  }

  appPasswords(
    ..._given: Parameters<AccountsAdministration['appPasswords']>
  ): Promise<readonly AppPassword[]> {
    return unsupported('have app passwords')
  }

  addAppPassword(
    ..._given: Parameters<AccountsAdministration['addAppPassword']>
  ): ReturnType<AccountsAdministration['addAppPassword']> {
    return unsupported('add app passwords')
  }

  removeAppPassword(..._given: Parameters<AccountsAdministration['removeAppPassword']>): Promise<void> {
    return unsupported('remove app passwords')
  }

  aliases(_domain?: string): Promise<readonly Alias[]> {
    return unsupported('list aliases')
  }

  addAlias(..._given: Parameters<AccountsAdministration['addAlias']>): Promise<void> {
    return unsupported('add aliases')
  }

  removeAlias(..._given: Parameters<AccountsAdministration['removeAlias']>): Promise<void> {
    return unsupported('remove aliases')
  }

  audit(..._given: Parameters<AccountsAdministration['audit']>): Promise<readonly AuditEntry[]> {
    return unsupported('tell who changed what')
  }
}

/** Rejects with MAIL_E_UNSUPPORTED. */
export function unsupported(what: string): Promise<never> {
  return Promise.reject(
    new MailwrightError('MAIL_E_UNSUPPORTED', `the accounts of this config cannot ${what}`),
  )
}
