import { administrationCases } from './accounts-administration.ts'
import { appPasswordCases } from './accounts-app-passwords.ts'
import { cramMd5Cases } from './accounts-cram-md5.ts'
import { domainSettingsCases } from './accounts-domain-settings.ts'
import {
  type AccountsCase,
  type AccountsFixture,
  type AccountsSeed,
  accountsHave,
  accountsSeed,
} from './accounts-fixture.ts'
import { hashCases } from './accounts-hashes.ts'
import { loginCases } from './accounts-login.ts'
import { lookupCases } from './accounts-lookup.ts'
import { identifyCases, scramCases } from './accounts-scram.ts'
import { accountSettingsCases } from './accounts-settings.ts'
import { trailCases } from './accounts-trail.ts'
import { bindContract, type ContractCase, selectCases } from './contract.ts'

/** Everything that is demanded of an `accounts` service. */
const accountsContractCases: readonly AccountsCase[] = [
  ...lookupCases,
  ...loginCases,
  ...scramCases,
  ...cramMd5Cases,
  ...identifyCases,
  ...administrationCases,
  ...hashCases,
  ...domainSettingsCases,
  ...accountSettingsCases,
  ...appPasswordCases,
  ...trailCases,
]

export interface AccountsContractOptions {
  /** What the suite is called: the plugin's name. */
  readonly name: string
  /**
   * Makes a service that holds the seed and nothing else; `seedAccounts` puts it in by the administration. Called for
   * every case, and once beforehand; so it must not need a `beforeAll`.
   */
  create(seed: AccountsSeed): Promise<AccountsFixture>
}

/** The cases that apply to a service, by what it supports and its fixture offers. */
export function accountsCases(probe: AccountsFixture): readonly ContractCase<AccountsFixture>[] {
  return selectCases(accountsContractCases, accountsHave, probe)
}

/** The contract suite of the `accounts` service; see `storeContract` for how cases are chosen. */
export function accountsContract(options: AccountsContractOptions): void {
  bindContract(`${options.name}: the accounts contract`, () => options.create(accountsSeed), accountsCases)
}
